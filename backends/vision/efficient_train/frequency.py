"""Pictures cut to a square of their spectrum: fewer pixels, and every frequency that is kept is exact."""

import torch
from torch import Tensor
from torch.nn import functional

# Shape legend: N pictures, C channels, S side of the whole, B side of the kept square of frequencies


def crop_frequencies(pictures_NCSS: Tensor, side: int) -> Tensor:
    """The low frequencies of pictures, as pictures of `side` pixels.

    Frequencies are kept with their weights, so the mean stays and a picture whose frequencies lie below
    `side` / 2 comes out as its own samples. An even side keeps one unpaired row and column of frequencies;
    the imaginary part that they leave is dropped, as in the paper.
    """
    size = pictures_NCSS.shape[-1]
    if side == size:
        return pictures_NCSS
    spectrum = torch.fft.fftshift(torch.fft.fft2(pictures_NCSS, norm="forward"), dim=(-2, -1))
    # The zero frequency lies at size // 2 before and must lie at side // 2 afterwards.
    first = size // 2 - side // 2
    kept = spectrum[..., first : first + side, first : first + side]
    pictures_NCBB: Tensor = torch.fft.ifft2(torch.fft.ifftshift(kept, dim=(-2, -1)), norm="forward").real
    return pictures_NCBB


def resize_down(pictures_NCSS: Tensor, side: int) -> Tensor:
    """Low frequencies by filtering and sampling, as the released code does it (there by Lanczos in PIL)."""
    if side == pictures_NCSS.shape[-1]:
        return pictures_NCSS
    resized: Tensor = functional.interpolate(
        pictures_NCSS, (side, side), mode="bicubic", antialias=True, align_corners=False
    )
    return resized


def crop_high_frequencies(pictures_NCSS: Tensor, side: int) -> Tensor:
    """The control: as many pixels, but what low frequencies cannot tell, folded down.

    Low frequencies are taken out of the whole picture and what is left is sampled at `side` pixels.
    """
    size = pictures_NCSS.shape[-1]
    if side == size:
        return pictures_NCSS
    low = crop_frequencies(pictures_NCSS, side)
    spectrum = torch.fft.fftshift(torch.fft.fft2(low, norm="forward"), dim=(-2, -1))
    padded = spectrum.new_zeros((*low.shape[:-2], size, size))
    first = size // 2 - side // 2
    padded[..., first : first + side, first : first + side] = spectrum
    smooth = torch.fft.ifft2(torch.fft.ifftshift(padded, dim=(-2, -1)), norm="forward").real
    places = torch.arange(side, device=low.device) * size // side
    rest: Tensor = (pictures_NCSS - smooth)[..., places, :][..., places]
    return rest + 0.5  # around the middle, so that pictures stay pictures
