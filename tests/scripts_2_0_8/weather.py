"""Heavy augmentation of street scenes, and every value stays in range."""

import albumentations as A
import numpy as np

rng = np.random.default_rng(0)
y, x = np.mgrid[0:96, 0:128]
image = np.stack([x * 2, y * 2, (x + y)], axis=-1).astype(np.uint8)

weather = A.Compose(
    [
        A.OneOf(
            [
                A.RandomRain(rain_type="drizzle", p=1),
                A.RandomSnow(snow_point_range=(0.1, 0.3), method="texture", p=1),
                A.RandomFog(fog_coef_range=(0.3, 0.6), p=1),
                A.RandomSunFlare(flare_roi=(0, 0, 1, 0.5), src_radius=40, p=1),
                A.RandomShadow(num_shadows_limit=(1, 2), p=1),
                A.RandomGravel(p=1),
                A.Spatter(mode="rain", p=1),
            ],
            p=1,
        ),
        A.OneOf([A.MotionBlur(p=1), A.Defocus(p=1), A.ZoomBlur(p=1), A.GlassBlur(p=1)], p=0.5),
        A.OneOf([A.ISONoise(p=1), A.MultiplicativeNoise(p=1), A.SaltAndPepper(p=1)], p=0.5),
        A.ImageCompression(quality_range=(40, 80), p=0.5),
        A.Downscale(scale_range=(0.5, 0.75), p=0.3),
        A.ChromaticAberration(p=0.3),
        A.PlanckianJitter(p=0.3),
        A.RandomToneCurve(p=0.3),
        A.GridDropout(ratio=0.3, p=0.2),
        A.XYMasking(
            num_masks_x=(1, 2), num_masks_y=1, mask_x_length=(5, 10), mask_y_length=5, p=0.2
        ),
    ],
    bbox_params=A.BboxParams("pascal_voc", label_fields=["labels"]),
)
before = image.copy()
changed = 0
for _ in range(30):
    result = weather(image=image, bboxes=[[10, 10, 60, 60]], labels=["car"])
    assert result["image"].shape == image.shape
    assert result["image"].dtype == np.uint8
    changed += not np.array_equal(result["image"], image)
assert changed > 25
assert np.array_equal(image, before)

floats = A.Compose([A.RandomFog(p=1), A.GaussNoise(p=1), A.Sharpen(p=1), A.ToSepia(p=1)])
result = floats(image=image.astype(np.float32) / 255)["image"]
assert result.dtype == np.float32
assert 0 <= result.min() <= result.max() <= 1
