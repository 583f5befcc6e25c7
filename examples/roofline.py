"""A roofline: which layers of VGG-16 and MobileNetV2 wait for DRAM, for the array's wires, or for the PEs.

Give the name of a picture (.png, .svg, .pdf) to draw it too; that needs the extra ``plots``.
"""

import sys
from collections import Counter

import polymaestro as pm

MACHINE = pm.Hardware(num_pes=256, noc_bw=32, offchip_bw=16, l2_size=2**17)

for make in (pm.networks.vgg16, pm.networks.mobilenet_v2):
    network = pm.networks.as_convolutions(make()).with_dataflow(pm.dataflows.kc_p(16))
    report = network.analyze(MACHINE)
    print(f"\n{network.name}   MACs/word DRAM   MACs/cycle   bound by")
    bound = Counter[str]()
    for layer in report.layers:
        cost = layer.cost
        # No run time beats any of the roofs.
        assert layer.roofline_cycles == max(cost.bounds.values()) <= layer.runtime_cycles
        words = cost.links[0].ingress_words + cost.links[0].egress_words
        bound[cost.bound_by] += 1
        speed = layer.macs / layer.runtime_cycles
        assert speed <= MACHINE.num_pes
        print(f"{layer.name:18} {layer.macs / max(words, 1):13.1f} {speed:12.1f}   {cost.bound_by}")
    print("layers by what binds them:", dict(bound))
    assert sum(bound.values()) == len(network.layers)
    if len(sys.argv) > 1 and make is pm.networks.vgg16:
        from polymaestro import plot

        plot.save(plot.roofline(report), sys.argv[1])
