"""Published networks as layers without a dataflow: ``networks.vgg16().with_dataflow(flow)``.

>>> from polymaestro.networks import NETWORKS
>>> sorted(NETWORKS)[:3]
['alexnet', 'dcgan', 'deep_pose']
"""
