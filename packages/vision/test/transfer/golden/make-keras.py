"""Makes keras-cnn.keras, keras-cnn.h5 and keras-cnn.json (input and output) with Keras 3.15.1.

    KERAS_BACKEND=torch python make-keras.py   (pip install keras==3.15.1 h5py==3.16.0 torch==2.13.0)

Run it in this folder.
"""

import json

import keras
import numpy as np

keras.utils.set_random_seed(1)
layers = keras.layers
model = keras.Sequential([
    keras.Input((7, 6, 2)),
    layers.Conv2D(4, 3, activation="relu", name="stem"),
    layers.BatchNormalization(epsilon=1e-3),
    layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2),
    layers.Conv2D(3, 1, activation="relu"),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(5, activation="relu"),
    layers.Dense(3),
])
random = np.random.default_rng(1)
# Weights of which none is that of the start; variances above 0.
model.set_weights([random.uniform(0.2, 1.2, each.shape) - 0.5 * (each.ndim > 1) for each in model.get_weights()])
x = random.standard_normal((3, 7, 6, 2)).astype(np.float32)
y = np.asarray(model.predict(x, verbose=0))
model.save("keras-cnn.keras")
model.save("keras-cnn.h5")
with open("keras-cnn.json", "w") as file:
    json.dump({"source": f"Keras {keras.__version__}", "x": x.flatten().tolist(), "y": y.flatten().tolist()}, file)
    file.write("\n")
