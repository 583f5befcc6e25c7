// VGG16 (Simonyan and Zisserman, ICLR 2015, configuration D), one 224 x 224 image.
//
// Y and X are input rows and columns with the padding of 1 on every side, so that a 3 x 3 window over
// 226 x 226 gives 224 x 224 outputs. The fully connected layers are convolutions whose window covers the
// whole input: FC6 a 7 x 7 window over 7 x 7.
//
// KC-P: output channels over clusters of 64 PEs, input channels over the PEs of a cluster, weights
// stationary. Every layer takes the dataflow of the first.

Network VGG16 {
  Layer CONV1 {
    Type: CONV
    Dimensions { K: 64, C: 3, R: 3, S: 3, Y: 226, X: 226 }
    Dataflow {
      SpatialMap(1,1) K;
      TemporalMap(64,64) C;
      TemporalMap(Sz(R),Sz(R)) R;
      TemporalMap(Sz(S),Sz(S)) S;
      TemporalMap(Sz(R),1) Y;
      TemporalMap(Sz(S),1) X;
      Cluster(64, P);
      SpatialMap(1,1) C;
    }
  }
  Layer CONV2 {
    Type: CONV
    Dimensions { K: 64, C: 64, R: 3, S: 3, Y: 226, X: 226 }
  }
  Layer CONV3 {
    Type: CONV
    Dimensions { K: 128, C: 64, R: 3, S: 3, Y: 114, X: 114 }
  }
  Layer CONV4 {
    Type: CONV
    Dimensions { K: 128, C: 128, R: 3, S: 3, Y: 114, X: 114 }
  }
  Layer CONV5 {
    Type: CONV
    Dimensions { K: 256, C: 128, R: 3, S: 3, Y: 58, X: 58 }
  }
  Layer CONV6 {
    Type: CONV
    Dimensions { K: 256, C: 256, R: 3, S: 3, Y: 58, X: 58 }
  }
  Layer CONV7 {
    Type: CONV
    Dimensions { K: 256, C: 256, R: 3, S: 3, Y: 58, X: 58 }
  }
  Layer CONV8 {
    Type: CONV
    Dimensions { K: 512, C: 256, R: 3, S: 3, Y: 30, X: 30 }
  }
  Layer CONV9 {
    Type: CONV
    Dimensions { K: 512, C: 512, R: 3, S: 3, Y: 30, X: 30 }
  }
  Layer CONV10 {
    Type: CONV
    Dimensions { K: 512, C: 512, R: 3, S: 3, Y: 30, X: 30 }
  }
  Layer CONV11 {
    Type: CONV
    Dimensions { K: 512, C: 512, R: 3, S: 3, Y: 16, X: 16 }
  }
  Layer CONV12 {
    Type: CONV
    Dimensions { K: 512, C: 512, R: 3, S: 3, Y: 16, X: 16 }
  }
  Layer CONV13 {
    Type: CONV
    Dimensions { K: 512, C: 512, R: 3, S: 3, Y: 16, X: 16 }
  }
  Layer FC6 {
    Type: CONV
    Dimensions { K: 4096, C: 512, R: 7, S: 7, Y: 7, X: 7 }
  }
  Layer FC7 {
    Type: CONV
    Dimensions { K: 4096, C: 4096, R: 1, S: 1, Y: 1, X: 1 }
  }
  Layer FC8 {
    Type: CONV
    Dimensions { K: 1000, C: 4096, R: 1, S: 1, Y: 1, X: 1 }
  }
}
