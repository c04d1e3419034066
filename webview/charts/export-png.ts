/** @file A PNG at 300 dots an inch from an SVG of ours: drawn by the browser, nothing leaves the page. */

/** A figure is 720 px wide at 96 dots an inch: 7.5 inches. */
const dotsPerPixel = 300 / 96;

/** Base64, without the `data:` prefix. */
export async function pngOf(svg: string): Promise<string> {
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(image.naturalWidth * dotsPerPixel);
    canvas.height = Math.round(image.naturalHeight * dotsPerPixel);
    const pencil = canvas.getContext('2d');
    if (!pencil) throw new Error('internal: no canvas to draw a PNG on');
    pencil.drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL('image/png').split(',')[1];
  } finally {
    URL.revokeObjectURL(url);
  }
}
