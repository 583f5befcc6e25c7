"""What every C header holds: what its functions return, and arithmetic of 128 bits."""

from __future__ import annotations

WIDE = "polymaestro_int"

HEAD = """\
/* Exact counts. Each function returns a status and stores its value where that is POLYMAESTRO_OK:

     POLYMAESTRO_OK        the value is exact
     POLYMAESTRO_OUTSIDE   the point lies outside the region of the formula
     POLYMAESTRO_OVERFLOW  the value exceeds int64_t, or a step towards it exceeds 128 bits

   Nothing wraps: every step is computed with 128 bits, and checked where these may not do. */"""

TIED = """\
/* Numbers of tiles and the lengths of last tiles have names; beyond int64_t that is an overflow too. */"""

COMMON = """\
#ifndef POLYMAESTRO_COMMON
#define POLYMAESTRO_COMMON

#if !defined(__SIZEOF_INT128__)
#error "this header needs __int128, as GCC and Clang have it on 64-bit machines"
#endif

__extension__ typedef __int128 polymaestro_int;

enum { POLYMAESTRO_OK = 0, POLYMAESTRO_OUTSIDE = 1, POLYMAESTRO_OVERFLOW = 2 };

#define POLYMAESTRO_MAX ((((polymaestro_int)1 << 126) - 1) * 2 + 1)

static inline polymaestro_int polymaestro_floor(polymaestro_int a, polymaestro_int divisor)
{
    return a / divisor - (a % divisor < 0);
}

static inline polymaestro_int polymaestro_add(polymaestro_int a, polymaestro_int b, int *overflow)
{
    if (b > 0 ? a > POLYMAESTRO_MAX - b : a < -POLYMAESTRO_MAX - b) {
        *overflow = 1;
        return 0;
    }
    return a + b;
}

static inline polymaestro_int polymaestro_mul(polymaestro_int a, polymaestro_int b, int *overflow)
{
    polymaestro_int size_a = a < 0 ? -a : a, size_b = b < 0 ? -b : b;
    if ((size_a > INT64_MAX || size_b > INT64_MAX) && a != 0 && size_b > POLYMAESTRO_MAX / size_a) {
        *overflow = 1;
        return 0;
    }
    return a * b;
}

static inline int polymaestro_store(polymaestro_int result, int overflow, int64_t *value)
{
    if (overflow || result > INT64_MAX || result < INT64_MIN)
        return POLYMAESTRO_OVERFLOW;
    *value = (int64_t)result;
    return POLYMAESTRO_OK;
}

#endif"""
