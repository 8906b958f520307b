"""Every format becomes upright RGB with the colours that a person would see."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from backends.vision.pictures.errors import PictureError
from backends.vision.pictures.reading import read_picture
from tests.backends.vision.pictures.drawn_files import drawn, one_page_pdf, saved

RED, WHITE = (200, 30, 40), (255, 255, 255)


def colours(image: Image.Image) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The middle of the rectangle and a corner of the ground."""
    width, height = image.size
    inside, outside = image.getpixel((width // 4, height // 4)), image.getpixel((width - 2, height - 2))
    assert isinstance(inside, tuple) and isinstance(outside, tuple)
    return inside, outside


def near(found: tuple[int, ...], wanted: tuple[int, ...], tolerance: int) -> bool:
    return max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= tolerance


@pytest.mark.parametrize(
    ("kind", "mode", "options", "tolerance"),
    [
        ("JPEG", "RGB", {"quality": 95}, 6),
        ("JPEG", "CMYK", {"quality": 95}, 8),
        ("PNG", "RGB", {}, 0),
        ("PNG", "P", {}, 25),
        ("PNG", "RGBA", {}, 0),
        ("WEBP", "RGB", {"lossless": True}, 0),
        ("WEBP", "RGBA", {"lossless": True}, 0),
        ("GIF", "P", {}, 25),
        ("TIFF", "RGB", {"compression": "tiff_lzw"}, 0),
        ("TIFF", "CMYK", {}, 2),
        ("TIFF", "LAB", {}, 20),
        ("BMP", "RGB", {}, 0),
        ("AVIF", "RGB", {"quality": 95}, 12),
        ("PPM", "RGB", {}, 0),
        ("ICO", "RGBA", {"sizes": [(60, 40)]}, 0),
    ],
)
def test_a_format_keeps_size_and_colours(
    kind: str, mode: str, options: dict[str, object], tolerance: int
) -> None:
    source = drawn()
    if mode == "LAB":
        lab = ImageCms.profileToProfile(
            source, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
        assert lab is not None
        image = lab
    else:
        image = source.convert(mode)
    picture = read_picture(saved(image, kind, **options), "picture")
    assert picture.image.mode == "RGB" and picture.size == (60, 40)
    inside, outside = colours(picture.image)
    assert near(inside, RED, tolerance) and near(outside, WHITE, tolerance)


@pytest.mark.parametrize("mode", ["1", "L"])
def test_grey_and_black_and_white_stay_what_they_are(mode: str) -> None:
    picture = read_picture(saved(drawn(mode), "PNG"), "picture.png")
    assert picture.image.mode == "RGB" and colours(picture.image)[1] == WHITE


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_shown_on_white_and_said(mode: str) -> None:
    layered = drawn("RGBA")
    layered.putalpha(Image.new("L", layered.size, 0))
    image = layered.convert(mode) if mode != "P" else drawn("P")
    options = {"transparency": 0} if mode == "P" else {}
    if mode == "P":
        image.putdata([0] * (60 * 40))
    picture = read_picture(saved(image, "PNG", **options), "clear.png")
    assert colours(picture.image) == (WHITE, WHITE)
    assert "transparent parts are shown on white" in picture.notes


def test_half_transparent_colours_are_mixed_with_white() -> None:
    picture = read_picture(saved(Image.new("RGBA", (4, 4), (0, 0, 0, 128)), "PNG"), "half.png")
    assert near(colours(picture.image)[0], (127, 127, 127), 1)


def test_sixteen_bits_are_scaled_and_not_clipped() -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)
    image = Image.fromarray(np.tile(ramp, (8, 1)))
    picture = read_picture(saved(image, "PNG"), "deep.png")
    values = np.asarray(picture.image)[0, :, 0]
    assert values[0] == 0 and values[-1] == 255 and abs(int(values[128]) - 128) <= 1
    assert "16 bits a pixel, reduced to 8" in picture.notes


def test_twelve_bits_in_a_sixteen_bit_file_are_stretched_and_said() -> None:
    ramp = np.linspace(100, 4000, 256).astype(np.uint16)
    picture = read_picture(saved(Image.fromarray(np.tile(ramp, (8, 1))), "TIFF"), "scan.tif")
    values = np.asarray(picture.image)[0, :, 0]
    assert values.min() == 0 and values.max() == 255
    assert any("brightness stretched" in note for note in picture.notes)


def test_floating_point_pictures_with_gaps_are_stretched() -> None:
    values = np.tile(np.linspace(-2.0, 3.0, 64, dtype=np.float32), (8, 1))
    values[0, 0] = np.nan
    picture = read_picture(saved(Image.fromarray(values), "TIFF"), "heights.tif")
    assert np.asarray(picture.image)[4, -1, 0] == 255 and np.asarray(picture.image)[4, 0, 0] == 0


def test_an_even_deep_picture_does_not_divide_by_nothing() -> None:
    picture = read_picture(saved(Image.fromarray(np.full((4, 4), 700, np.uint16)), "PNG"), "even.png")
    assert picture.size == (4, 4)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_rotated_photo_is_shown_upright(orientation: int) -> None:
    upright = drawn(size=(80, 40))
    inverse = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(inverse[orientation]) if orientation in inverse else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = read_picture(saved(stored, "PNG", exif=exif), "phone.png")
    assert picture.size == (80, 40)
    assert np.array_equal(np.asarray(picture.image), np.asarray(upright))


def test_place_and_time_of_a_photo_do_not_come_along() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    picture = read_picture(saved(drawn(), "JPEG", exif=exif), "photo.jpg")
    assert picture.image.info == {} and not picture.image.getexif()


def test_the_first_frame_of_an_animation_is_shown_and_said() -> None:
    frames = [Image.new("RGB", (20, 10), colour) for colour in ((255, 0, 0), (0, 255, 0), (0, 0, 255))]
    for kind in ("GIF", "PNG", "WEBP"):
        options = {"lossless": True} if kind == "WEBP" else {}
        data = saved(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        picture = read_picture(data, "moving")
        assert picture.image.getpixel((5, 5)) == (255, 0, 0)
        assert picture.notes == ("3 frames: the first is shown",)


def test_a_page_of_a_tiff_can_be_chosen_and_must_exist() -> None:
    pages = [Image.new("RGB", (20, 10), colour) for colour in ((255, 0, 0), (0, 255, 0))]
    data = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert read_picture(data, "fax.tif", page=2).image.getpixel((5, 5)) == (0, 255, 0)
    with pytest.raises(PictureError, match="has 2 pages; there is no page 3"):
        read_picture(data, "fax.tif", page=3)


def test_a_phone_photo_with_a_second_picture_inside_shows_the_first() -> None:
    data = saved(drawn(), "MPO", save_all=True, append_images=[drawn(size=(30, 20))], quality=95)
    picture = read_picture(data, "stereo.jpg")
    assert picture.size == (60, 40) and picture.kind == "JPEG" and picture.notes == ()


def test_a_page_of_a_pdf_is_rendered_on_white() -> None:
    pytest.importorskip("pypdfium2")
    picture = read_picture(one_page_pdf(), "note.pdf")
    assert picture.kind == "PDF" and picture.size == (834, 556)
    assert picture.image.getpixel((10, 550)) == (0, 0, 0)
    assert picture.image.getpixel((820, 10)) == (255, 255, 255)
    with pytest.raises(PictureError, match="there is no page 2"):
        read_picture(one_page_pdf(), "note.pdf", page=2)


def test_a_name_that_lies_is_said_and_does_no_harm() -> None:
    picture = read_picture(saved(drawn(), "JPEG"), "photo.PNG")
    assert picture.kind == "JPEG"
    assert picture.notes == ("its name ends in .png, but it is JPEG",)
    assert read_picture(saved(drawn(), "JPEG"), "photo.jpeg").notes == ()


def test_colours_of_another_profile_are_converted_and_said() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    assert len(profile) > 100
    damaged = saved(drawn(), "PNG", icc_profile=b"not a profile")
    picture = read_picture(damaged, "odd.png")
    assert colours(picture.image) == (RED, WHITE)
    assert "its colour profile is damaged and was left aside" in picture.notes
    plain = saved(
        drawn(), "PNG", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    )
    assert read_picture(plain, "plain.png").notes == ()


def test_equal_pixels_have_equal_digests_whatever_the_file() -> None:
    as_png = read_picture(saved(drawn(), "PNG"), "a.png")
    as_bmp = read_picture(saved(drawn(), "BMP"), "b.bmp")
    other = read_picture(saved(drawn(size=(40, 60)), "PNG"), "c.png")
    assert as_png.digest == as_bmp.digest != other.digest


@pytest.mark.parametrize("size", [(1, 1), (5000, 1), (1, 5000)])
def test_lines_and_single_pixels_are_pictures(size: tuple[int, int]) -> None:
    assert read_picture(saved(Image.new("RGB", size), "PNG"), "thin.png").size == size


def test_damaged_exif_data_does_not_cost_the_picture() -> None:
    data = saved(drawn(), "JPEG", exif=b"Exif\0\0II*\0" + struct.pack("<I", 900_000))
    picture = read_picture(data, "odd.jpg")
    assert picture.size == (60, 40)
    assert near(colours(picture.image)[0], RED, 20)


def test_reading_leaves_the_data_alone() -> None:
    data = saved(drawn(), "PNG")
    before = bytes(data)
    read_picture(data, "picture.png")
    assert data == before and Image.open(io.BytesIO(data)).size == (60, 40)
