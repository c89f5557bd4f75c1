"""Draws the icons in `public/icons` from `public/icon.svg`, in Debian's Chromium: `python company/server/web/icons.py`.

Run it when the mark changes; the pictures are small and committed, so that a build needs no browser.
"""

from pathlib import Path

from playwright.sync_api import Page, sync_playwright

PUBLIC = Path(__file__).parent / "public"
PLAIN = {"icon-192.png": 192, "icon-512.png": 512}
WHOLE = {"maskable-512.png": 512, "apple-touch-180.png": 180}
"""Pictures that a device cuts to its own shape: the ground to the edge, the mark within the middle 80 %."""

SAFE = 'viewBox="-52 -52 616 616"'


def main() -> None:
    """Draw all of them."""
    mark = (PUBLIC / "icon.svg").read_text("utf-8")
    whole = mark.replace('viewBox="0 0 512 512"', SAFE).replace(
        '<rect width="512" height="512" rx="112"', '<rect x="-52" y="-52" width="616" height="616"'
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        for pictures, drawing in ((PLAIN, mark), (WHOLE, whole)):
            for name, size in pictures.items():
                _draw(page, drawing, size, PUBLIC / "icons" / name)
        browser.close()


def _draw(page: Page, drawing: str, size: int, file: Path) -> None:
    page.set_viewport_size({"width": size, "height": size})
    page.set_content(f"<style>body{{margin:0}}svg{{display:block;width:{size}px;height:{size}px}}</style>{drawing}")
    page.screenshot(path=file, omit_background=True)


if __name__ == "__main__":
    main()
