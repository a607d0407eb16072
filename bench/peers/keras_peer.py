"""The Keras 3 peer on TensorFlow: one compiled function for the whole step, called on tensors in memory.

The function of a recurrent network goes through XLA (jit_compile), which is faster; that of a convolution does not, which
is faster there.
"""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

from measure import CHANNELS, OUTPUTS, TIME_STEPS, data, serve

import keras
import tensorflow as tf
from keras import layers

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)


def model_for(point):
    cell, units = point["cell"], point["units"]
    if cell == "cnn2d":
        return keras.Sequential([
            keras.Input((28, 28, 1)),
            layers.Conv2D(24, 3, activation="relu"), layers.MaxPooling2D(),
            layers.Conv2D(36, 3, activation="relu"), layers.MaxPooling2D(),
            layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dense(10)])
    first = keras.Input((point.get("T", TIME_STEPS), CHANNELS))
    if cell == "cnn1d":
        hidden = [layers.Conv1D(units, 2, activation="relu"), layers.MaxPooling1D(), layers.Flatten()]
    else:
        hidden = [{"rnn": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}[cell](units)]
    return keras.Sequential([first, *hidden, layers.Dense(OUTPUTS)])


class Built:
    def __init__(self, point):
        keras.utils.set_random_seed(1)
        model = model_for(point)
        optimizer = keras.optimizers.Adam(1e-3)
        optimizer.build(model.trainable_variables)
        images = point["cell"] == "cnn2d"
        loss = (keras.losses.SparseCategoricalCrossentropy(from_logits=True) if images
                else keras.losses.MeanSquaredError())
        self.batches = [(tf.constant(x), tf.constant(y)) for x, y in data(point)]
        self.window = self.batches[0][0][:1]

        @tf.function(jit_compile=not point["cell"].startswith("cnn"))
        def step(x, y):
            with tf.GradientTape() as tape:
                value = loss(y, model(x, training=True))
            gradients = tape.gradient(value, model.trainable_variables)
            optimizer.apply(gradients, model.trainable_variables)
            return value

        self.step = step
        self.apply = tf.function(lambda x: model(x, training=False))

    def train(self, count):
        step, batches = self.step, self.batches
        for index in range(count):
            value = step(*batches[index % len(batches)])
        value.numpy()

    def infer(self):
        self.apply(self.window).numpy()


if __name__ == "__main__":
    serve("keras", f"{keras.__version__} on TensorFlow {tf.__version__}", Built)
