import pytest

from quantci.data.preprocess import Preprocessing
from quantci.embed.picture import InputConstants
from quantci.records.input_config import InputConfig


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (InputConfig(resize="box"), ["with the box filter of Pillow to this size"]),
        (InputConfig(resize_library="opencv", resize="area"), ["with cv2.resize (INTER_AREA) to this size"]),
        (InputConfig(resize_library="tensorflow"), ["tf.image.resize (bilinear, without antialiasing)", "fractions"]),
        (InputConfig(fit="crop"), ["The largest middle part"]),
        (InputConfig(fit="crop", resize_shorter=256), ["until its shorter side has 256 pixels"]),
        (InputConfig(fit="letterbox", background=(114,)), ["just fits", "114, 114, 114"]),
        (InputConfig(color="bgr"), ["blue, green and red"]),
    ],
)
def test_what_the_firmware_does_is_said(config: InputConfig, words: list[str]) -> None:
    constants = InputConstants.of(Preprocessing.for_model(config, [1, 8, 9, 3]), is_picture=True)
    assert constants.size == (8, 9, 3)
    assert all(word in constants.steps for word in words)
    assert constants.is_bgr == (config.color == "bgr")


def test_channels_first_are_said() -> None:
    config = InputConfig(layout="nchw")
    constants = InputConstants.of(Preprocessing.for_model(config, [1, 3, 8, 9]), is_picture=True)
    assert constants.size == (8, 9, 3)
    assert "all of one channel" in constants.steps


def test_a_tensor_has_no_size_of_a_picture_but_its_statistics() -> None:
    """[rows, columns, 1] may be a spectrogram as well as a grey picture: the set says which."""
    config = InputConfig(mean=(83.0,), std=(1.7,))
    constants = InputConstants.of(Preprocessing.for_model(config, [1, 49, 10, 1]), is_picture=False)
    assert constants.size is None
    assert constants.statistics == ((83.0,), (1.7,))
