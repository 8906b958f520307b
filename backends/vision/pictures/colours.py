"""From any of Pillow's modes to 8-bit sRGB, without the silent losses of a plain `convert("RGB")`.

A plain conversion turns what is transparent black, clips 16-bit values at 255 and takes colours of one
profile for those of another.
"""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

_WHITE = (255, 255, 255, 255)
_SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N")
_TRULY_16_BIT = 1 << 14  # brighter whites than this use the range; a 12-bit sensor stays below
_TRANSPARENT_MODES = ("RGBA", "LA", "PA", "RGBa", "La")


def to_srgb(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """Convert; also what was done that changes how the picture looks, in words."""
    if image.mode in _SIXTEEN_BIT or image.mode in ("I", "F"):
        return _from_deep(image)
    if image.mode in _TRANSPARENT_MODES or "transparency" in image.info:
        return _on_white(image)
    if profile := image.info.get("icc_profile"):
        return _from_profile(image, profile)
    if image.mode == "CMYK":
        return image.convert("RGB"), ["CMYK colours without a profile: hues are approximate"]
    return (image if image.mode == "RGB" else image.convert("RGB")), []


def _from_deep(image: Image.Image) -> tuple[Image.Image, list[str]]:
    values = np.asarray(image).astype(np.float32)
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    highest = float(np.percentile(values, 99))
    if image.mode in _SIXTEEN_BIT and highest >= _TRULY_16_BIT:
        return _grey(values, 0.0, 65535.0), ["16 bits a pixel, reduced to 8"]
    if image.mode == "I" and highest >= _TRULY_16_BIT and values.min() >= 0 and values.max() <= 65535:
        return _grey(values, 0.0, 65535.0), ["16 bits a pixel, reduced to 8"]
    lowest = float(np.percentile(values, 1))
    if highest <= lowest:
        lowest, highest = float(values.min()), float(values.max())
    note = f"brightness stretched from {lowest:g}..{highest:g} to 0..255"
    return _grey(values, lowest, highest), [note]


def _grey(values: NDArray[np.float32], lowest: float, highest: float) -> Image.Image:
    span = highest - lowest or 1.0
    scaled = np.clip((values - lowest) * (255.0 / span), 0, 255)
    return Image.fromarray(np.rint(scaled).astype(np.uint8)).convert("RGB")


def _on_white(image: Image.Image) -> tuple[Image.Image, list[str]]:
    layered = image.convert("RGBA")
    if layered.getchannel("A").getextrema() == (255, 255):
        return layered.convert("RGB"), []
    ground = Image.new("RGBA", image.size, _WHITE)
    ground.alpha_composite(layered)
    return ground.convert("RGB"), ["transparent parts are shown on white"]


def _from_profile(image: Image.Image, profile: bytes) -> tuple[Image.Image, list[str]]:
    """Through the embedded colour profile. A profile that does not fit its picture is left aside."""
    base = image if image.mode in ("RGB", "CMYK", "L", "LAB") else image.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = ImageCms.getProfileDescription(source).strip()
        if "srgb" in name.lower() and base.mode == "RGB":
            return base, []
        converted = ImageCms.profileToProfile(base, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return base.convert("RGB"), ["its colour profile is damaged and was left aside"]
    if converted is None:  # only when converting in place
        return base.convert("RGB"), []
    return converted, [f"colours converted from {name or 'their own profile'} to sRGB"]
