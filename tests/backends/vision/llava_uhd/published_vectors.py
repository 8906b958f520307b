"""The published vectors of the slicing rules, one picture a row; grids are columns x rows."""

from dataclasses import dataclass

Pair = tuple[int, int]

# Size, ideal N, N, grid, slice pixels (patches), overview pixels (patches), tokens + separators,
# under the paper's rule: resolution 336, at most 6 slices, 64 queries.
_TABLE_A = """
1x1 | 1 | 1 | 1x1 | none | 336x336 (24x24=576) | 64 + 0
14x14 | 1 | 1 | 1x1 | none | 336x336 (24x24=576) | 64 + 0
50x50 | 1 | 1 | 1x1 | none | 336x336 (24x24=576) | 64 + 0
100x400 | 1 | 1 | 1x1 | none | 168x672 (12x48=576) | 64 + 0
224x224 | 1 | 1 | 1x1 | none | 336x336 (24x24=576) | 64 + 0
336x336 | 1 | 1 | 1x1 | none | 336x336 (24x24=576) | 64 + 0
337x336 | 2 | 2 | 2x1 | 224x462 (16x33=528) | 336x322 (24x23=552) | 192 + 2
336x337 | 2 | 2 | 1x2 | 462x224 (33x16=528) | 322x336 (23x24=552) | 192 + 2
400x300 | 2 | 2 | 2x1 | 266x406 (19x29=551) | 378x280 (27x20=540) | 192 + 2
448x448 | 2 | 2 | 1x2 | 462x224 (33x16=528) | 336x336 (24x24=576) | 192 + 2
475x475 | 2 | 2 | 1x2 | 462x224 (33x16=528) | 336x336 (24x24=576) | 192 + 2
476x476 | 3 | 3 | 2x2 | 336x336 (24x24=576) | 336x336 (24x24=576) | 320 + 4
500x333 | 2 | 2 | 2x1 | 280x378 (20x27=540) | 406x266 (29x19=551) | 192 + 2
640x480 | 3 | 3 | 2x2 | 378x280 (27x20=540) | 378x280 (27x20=540) | 320 + 4
480x640 | 3 | 3 | 2x2 | 280x378 (20x27=540) | 280x378 (20x27=540) | 320 + 4
672x336 | 2 | 2 | 2x1 | 336x336 (24x24=576) | 462x224 (33x16=528) | 192 + 2
336x672 | 2 | 2 | 1x2 | 336x336 (24x24=576) | 224x462 (16x33=528) | 192 + 2
672x672 | 4 | 4 | 2x2 | 336x336 (24x24=576) | 336x336 (24x24=576) | 320 + 4
672x1008 | 6 | 6 | 2x3 | 336x336 (24x24=576) | 266x406 (19x29=551) | 448 + 6
1008x672 | 6 | 6 | 3x2 | 336x336 (24x24=576) | 406x266 (29x19=551) | 448 + 6
672x1088 | 7 | 6 | 2x3 | 322x336 (23x24=552) | 252x420 (18x30=540) | 448 + 6
1088x672 | 7 | 6 | 3x2 | 336x322 (24x23=552) | 420x252 (30x18=540) | 448 + 6
800x600 | 5 | 5 | 3x2 | 308x350 (22x25=550) | 378x280 (27x20=540) | 448 + 6
1024x768 | 7 | 6 | 3x2 | 308x350 (22x25=550) | 378x280 (27x20=540) | 448 + 6
1000x1000 | 9 | 6 | 2x3 | 406x266 (29x19=551) | 336x336 (24x24=576) | 448 + 6
1344x336 | 4 | 4 | 4x1 | 336x336 (24x24=576) | 672x168 (48x12=576) | 320 + 4
336x1344 | 4 | 4 | 1x4 | 336x336 (24x24=576) | 168x672 (12x48=576) | 320 + 4
2016x336 | 6 | 6 | 6x1 | 336x336 (24x24=576) | 812x126 (58x9=522) | 448 + 6
336x2016 | 6 | 6 | 1x6 | 336x336 (24x24=576) | 126x812 (9x58=522) | 448 + 6
2352x336 | 7 | 6 | 6x1 | 350x308 (25x22=550) | 882x126 (63x9=567) | 448 + 6
336x2352 | 7 | 6 | 1x6 | 308x350 (22x25=550) | 126x882 (9x63=567) | 448 + 6
1280x720 | 9 | 6 | 3x2 | 364x308 (26x22=572) | 448x252 (32x18=576) | 448 + 6
720x1280 | 9 | 6 | 2x3 | 308x364 (22x26=572) | 252x448 (18x32=576) | 448 + 6
1920x1080 | 19 | 6 | 3x2 | 364x308 (26x22=572) | 448x252 (32x18=576) | 448 + 6
1080x1920 | 19 | 6 | 2x3 | 308x364 (22x26=572) | 252x448 (18x32=576) | 448 + 6
1170x2532 | 27 | 6 | 2x3 | 266x392 (19x28=532) | 224x490 (16x35=560) | 448 + 6
1080x2400 | 23 | 6 | 2x3 | 266x406 (19x29=551) | 224x490 (16x35=560) | 448 + 6
3024x4032 | 108 | 6 | 2x3 | 350x308 (25x22=550) | 280x378 (20x27=540) | 448 + 6
4032x3024 | 108 | 6 | 3x2 | 308x350 (22x25=550) | 378x280 (27x20=540) | 448 + 6
3840x2160 | 74 | 6 | 3x2 | 364x308 (26x22=572) | 448x252 (32x18=576) | 448 + 6
1240x1754 | 20 | 6 | 2x3 | 336x322 (24x23=552) | 280x392 (20x28=560) | 448 + 6
2480x3508 | 78 | 6 | 2x3 | 336x322 (24x23=552) | 280x392 (20x28=560) | 448 + 6
8000x8000 | 567 | 6 | 2x3 | 406x266 (29x19=551) | 336x336 (24x24=576) | 448 + 6
10000x50 | 5 | 5 | 6x1 | 1932x56 (138x4=552) | 4746x14 (339x1=339) | 448 + 6
50x10000 | 5 | 5 | 1x6 | 56x1932 (4x138=552) | 14x4746 (1x339=339) | 448 + 6
5000x500 | 23 | 6 | 6x1 | 420x252 (30x18=540) | 1050x98 (75x7=525) | 448 + 6
1568x7698 | 107 | 6 | 1x5 | 336x322 (24x23=552) | 140x742 (10x53=530) | 384 + 5
30000x1 | 1 | 1 | 1x1 | none | 8064x14 (576x1=576) | 64 + 0
1x30000 | 1 | 1 | 1x1 | none | 14x8064 (1x576=576) | 64 + 0
"""

# Size; grid of the first official code; grid, slice, overview and tokens of the ECCV release; grid, slice,
# overview and tokens of MiniCPM-V 2.6; slice, overview and tokens of MiniCPM-V 4.6 in its "16x" mode.
_TABLE_B = """
1x1 | 1x1 | none | none | 336x336 | 144 | none | none | 448x448 | 64 | none | 448x448 | 64
14x14 | 1x1 | none | none | 336x336 | 144 | none | none | 448x448 | 64 | none | 448x448 | 64
50x50 | 1x1 | none | none | 336x336 | 144 | none | none | 448x448 | 64 | none | 448x448 | 64
100x400 | 1x2 | none | none | 168x672 | 144 | none | none | 224x896 | 64 | none | 224x896 | 64
224x224 | 1x1 | none | none | 336x336 | 144 | none | none | 448x448 | 64 | none | 448x448 | 64
336x336 | 1x1 | none | none | 336x336 | 144 | none | none | 448x448 | 64 | none | 448x448 | 64
337x336 | 2x1 | 2x1 | 224x462 | 322x322 | 432 | none | none | 448x448 | 64 | none | 448x448 | 64
336x337 | 1x2 | 1x2 | 462x224 | 322x336 | 432 | none | none | 448x448 | 64 | none | 448x448 | 64
400x300 | 2x1 | 2x1 | 266x406 | 378x280 | 432 | none | none | 518x392 | 64 | none | 504x392 | 63
448x448 | 1x2 | 1x2 | 462x224 | 336x336 | 432 | none | none | 448x448 | 64 | none | 448x448 | 64
475x475 | 1x2 | 1x2 | 462x224 | 336x336 | 432 | 1x2 | 630x322 | 448x448 | 192 | 616x336 | 448x448 | 196
476x476 | 2x2 | 2x2 | 336x336 | 336x336 | 720 | 1x2 | 630x322 | 448x448 | 192 | 616x336 | 448x448 | 196
500x333 | 2x1 | 2x1 | 280x378 | 406x266 | 432 | none | none | 546x364 | 64 | none | 560x392 | 70
640x480 | 2x2 | 2x2 | 378x280 | 378x280 | 720 | 2x1 | 364x546 | 518x392 | 192 | 392x560 | 504x392 | 203
480x640 | 2x2 | 2x2 | 280x378 | 280x378 | 720 | 1x2 | 546x364 | 392x518 | 192 | 560x392 | 392x504 | 203
672x336 | 2x1 | 2x1 | 336x336 | 462x224 | 432 | 2x1 | 448x448 | 630x322 | 192 | 448x448 | 616x336 | 194
336x672 | 1x2 | 1x2 | 336x336 | 224x462 | 432 | 1x2 | 448x448 | 322x630 | 192 | 448x448 | 336x616 | 194
672x672 | 2x2 | 2x2 | 336x336 | 336x336 | 720 | 2x2 | 448x448 | 448x448 | 320 | 448x448 | 448x448 | 320
672x1008 | 2x3 | 2x3 | 336x336 | 266x406 | 1008 | 2x2 | 364x546 | 364x546 | 320 | 392x560 | 392x560 | 350
1008x672 | 3x2 | 3x2 | 336x336 | 406x266 | 1008 | 2x2 | 546x364 | 546x364 | 320 | 560x392 | 560x392 | 350
672x1088 | 2x3 | 2x3 | 322x336 | 252x420 | 1008 | 2x2 | 350x574 | 350x574 | 320 | 336x560 | 336x560 | 300
1088x672 | 3x2 | 3x2 | 336x322 | 420x252 | 1008 | 2x2 | 574x350 | 574x350 | 320 | 560x336 | 560x336 | 300
800x600 | 3x2 | 3x2 | 308x350 | 378x280 | 1008 | 2x2 | 518x392 | 518x392 | 320 | 504x392 | 504x392 | 315
1024x768 | 3x2 | 3x2 | 308x350 | 378x280 | 1008 | 2x2 | 518x392 | 518x392 | 320 | 504x392 | 504x392 | 315
1000x1000 | 3x2 | 3x2 | 266x406 | 336x336 | 1008 | 2x2 | 448x448 | 448x448 | 320 | 448x448 | 448x448 | 320
1344x336 | 4x1 | 4x1 | 336x336 | 672x168 | 720 | 4x1 | 448x448 | 896x224 | 320 | 448x448 | 896x224 | 320
336x1344 | 1x4 | 1x4 | 336x336 | 168x672 | 720 | 1x4 | 448x448 | 224x896 | 320 | 448x448 | 224x896 | 320
2016x336 | 6x1 | 6x1 | 336x336 | 812x126 | 1008 | 5x1 | 490x406 | 1092x182 | 384 | 504x392 | 1120x168 | 375
336x2016 | 1x6 | 1x6 | 336x336 | 126x812 | 1008 | 1x5 | 406x490 | 182x1092 | 384 | 392x504 | 168x1120 | 375
2352x336 | 7x1 | 7x1 | 336x336 | 882x126 | 1152 | 5x1 | 532x378 | 1176x168 | 384 | 504x392 | 1176x168 | 378
336x2352 | 1x7 | 1x7 | 336x336 | 126x882 | 1152 | 1x5 | 378x532 | 168x1190 | 384 | 392x504 | 168x1176 | 378
1280x720 | 3x2 | 3x2 | 364x308 | 448x252 | 1008 | 3x2 | 490x406 | 602x336 | 448 | 504x392 | 616x336 | 444
720x1280 | 2x3 | 2x3 | 308x364 | 252x448 | 1008 | 2x3 | 406x490 | 336x602 | 448 | 392x504 | 336x616 | 444
1920x1080 | 3x2 | 3x2 | 364x308 | 448x252 | 1008 | 4x2 | 420x476 | 602x336 | 576 | 448x448 | 616x336 | 578
1080x1920 | 2x3 | 2x3 | 294x364 | 252x448 | 1008 | 2x4 | 476x420 | 336x602 | 576 | 448x448 | 336x616 | 578
1170x2532 | 2x3 | 2x3 | 266x392 | 224x490 | 1008 | 2x4 | 434x462 | 308x658 | 576 | 448x448 | 280x672 | 572
1080x2400 | 2x3 | 2x3 | 266x406 | 224x490 | 1008 | 2x4 | 420x476 | 294x672 | 576 | 448x448 | 280x672 | 572
3024x4032 | 2x3 | 2x3 | 350x308 | 280x378 | 1008 | 3x3 | 392x518 | 392x518 | 640 | 392x504 | 392x504 | 630
4032x3024 | 3x2 | 3x2 | 308x350 | 378x280 | 1008 | 3x3 | 518x392 | 518x392 | 640 | 504x392 | 504x392 | 630
3840x2160 | 3x2 | 3x2 | 364x308 | 448x252 | 1008 | 4x2 | 420x476 | 602x336 | 576 | 448x448 | 616x336 | 578
1240x1754 | 2x3 | 2x3 | 336x322 | 280x392 | 1008 | 2x4 | 532x378 | 378x532 | 576 | 560x392 | 392x560 | 630
2480x3508 | 2x3 | 2x3 | 336x322 | 280x392 | 1008 | 2x4 | 532x378 | 378x532 | 576 | 504x392 | 392x560 | 574
8000x8000 | 3x2 | 3x2 | 266x406 | 336x336 | 1008 | 3x3 | 448x448 | 448x448 | 640 | 448x448 | 448x448 | 640
10000x50 | 6x1 | 6x1 | 1932x56 | 4592x14 | 1008 | 4x1 | 3150x56 | 6202x28 | 320 | 3136x56 | 6216x56 | 335
50x10000 | 1x6 | 1x6 | 56x1932 | 14x4746 | 1008 | 1x4 | 56x3164 | 28x6328 | 320 | 56x3192 | 56x6328 | 341
5000x500 | 7x1 | 7x1 | 392x280 | 1050x98 | 1152 | 9x1 | 476x420 | 1414x140 | 640 | 448x448 | 1400x168 | 651
1568x7698 | 1x5 | 1x6 | 364x294 | 140x742 | 1008 | 1x8 | 574x350 | 196x994 | 576 | 560x336 | 224x1008 | 552
30000x1 | 2x1 | none | none | 29988x14 | 144 | none | none | 60004x14 | 64 | none | 59976x56 | 1071
1x30000 | 1x2 | none | none | 14x58184 | 144 | none | none | 14x77588 | 64 | none | 56x77616 | 1386
"""


@dataclass(frozen=True, slots=True)
class Encoded:
    """What one rule makes of one picture; the grid is (1, 1) and the slice None without slices."""

    grid: Pair
    slice_size: Pair | None
    overview_size: Pair
    tokens: int


@dataclass(frozen=True, slots=True)
class PaperRow:
    """A row of the paper's rule."""

    size: Pair
    ideal: int
    wanted: int
    encoded: Encoded
    slice_patches: Pair | None
    overview_patches: Pair
    separators: int


@dataclass(frozen=True, slots=True)
class CompatibilityRow:
    """A row of the official codes."""

    size: Pair
    march_24_grid: Pair
    release: Encoded
    minicpm_2_6: Encoded
    minicpm_4_6: Encoded


def _pair(text: str) -> Pair:
    first, second = text.split("x")
    return int(first), int(second)


def _slice(text: str) -> Pair | None:
    return None if text == "none" else _pair(text)


def _fitted(text: str) -> tuple[Pair, Pair]:
    pixels, patches = text.rstrip(")").split(" (")
    return _pair(pixels), _pair(patches.split("=")[0])


def _paper_row(line: str) -> PaperRow:
    size, ideal, wanted, grid, slices, overview, tokens = (cell.strip() for cell in line.split("|"))
    slice_size, slice_patches = (None, None) if slices == "none" else _fitted(slices)
    overview_size, overview_patches = _fitted(overview)
    visual, separators = map(int, tokens.split(" + "))
    return PaperRow(
        size=_pair(size),
        ideal=int(ideal),
        wanted=int(wanted),
        encoded=Encoded(_pair(grid), slice_size, overview_size, visual),
        slice_patches=slice_patches,
        overview_patches=overview_patches,
        separators=separators,
    )


def _compatibility_row(line: str) -> CompatibilityRow:
    cells = [cell.strip() for cell in line.split("|")]

    def encoded(grid: str, first: int) -> Encoded:
        return Encoded(
            _slice(grid) or (1, 1), _slice(cells[first]), _pair(cells[first + 1]), int(cells[first + 2])
        )

    return CompatibilityRow(
        size=_pair(cells[0]),
        march_24_grid=_pair(cells[1]),
        release=encoded(cells[2], 3),
        minicpm_2_6=encoded(cells[6], 7),
        minicpm_4_6=encoded(cells[6], 10),
    )


TABLE_A = [_paper_row(line) for line in _TABLE_A.strip().splitlines()]
TABLE_B = [_compatibility_row(line) for line in _TABLE_B.strip().splitlines()]
