// Z[m,n] += A[m,k] * B[k,n] on a two-level array, output-stationary.
//
// Clusters take rows of Z, the PEs of a cluster its columns: a PE keeps a tile of 4 x 4 outputs while K
// advances in slices of 16, so every output leaves the PE once. Columns of B are shared by the clusters,
// rows of A by the PEs of a cluster. 64 PEs hold a 32 x 32 part of Z at a time.

Constant Tile 4;
Constant Slice 16;
Constant Side 8;

Network GEMM {
  Layer Product {
    Type: GEMM
    Dimensions { M: 128, N: 96, K: 64 }
    Dataflow {
      SpatialMap(Tile,Tile) M;
      TemporalMap(Side*Tile,Side*Tile) N;
      TemporalMap(Slice,Slice) K;
      Cluster(Side, P);
      SpatialMap(Tile,Tile) N;
    }
  }
}
