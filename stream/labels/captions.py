"""Every word that stands on a label or a card, in Chinese and English. A new letter here: cut the outlines anew."""

from typing import NamedTuple


class Caption(NamedTuple):
    zh: str
    en: str


SCAN = Caption("扫码查安全", "Scan: is it safe?")
CARD = Caption("瓶装燃气用户卡", "Bottled gas user card")
CUSTOMER = Caption("用户编号", "Customer no.")
SHOW = Caption("送气收瓶时请出示此卡", "Show at every delivery")

ALL_CAPTIONS = tuple(word for caption in (SCAN, CARD, CUSTOMER, SHOW) for word in caption)
