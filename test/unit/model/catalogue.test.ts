import { describe, expect, it } from 'vitest';
import { catalogue, inCatalogue, parametersOf, shapeOf } from '../../../sidecar/architecture/catalogue.ts';
import { families, familyOf } from '../../../sidecar/architecture/registry.ts';
import { graphOf } from '../../../sidecar/model/families/registry.ts';

describe('the catalogue of bases', () => {
  it.each(catalogue)('$name is of a family that is registered, for arithmetic and for graphs', (base) => {
    const config = shapeOf(base);
    expect(families).toContain(familyOf(config));
    expect(familyOf(config).modelTypes).toContain(base.shape.model_type);
    expect(graphOf(config)).toBeDefined();
  });

  it.each([
    // As PyTorch counts them, in millions to two places: it keeps the positional convolution in two parts.
    ['utter-project/mHuBERT-147', 94.37],
    ['facebook/hubert-base-ls960', 94.37],
    ['facebook/hubert-large-ll60k', 315.44],
    ['facebook/wav2vec2-xls-r-300m', 315.44],
    ['facebook/mms-300m', 315.44],
    ['microsoft/wavlm-base-plus', 94.38],
    ['microsoft/wavlm-large', 315.45],
    ['facebook/data2vec-audio-base', 93.16],
  ])('%s has %f million parameters', (id, millions) =>
    expect(parametersOf(inCatalogue(id)!) / 1e6).toBeCloseTo(millions, 2),
  );

  it.each(catalogue)('$name’s download is its parameters in single precision, and little more', (base) => {
    const share = base.bytes / (4 * parametersOf(base));
    expect(share).toBeGreaterThan(0.99);
    expect(share).toBeLessThan(1.02);
  });

  it('names each once, and says of every licence that forbids selling that it does', () => {
    expect(new Set(catalogue.map(({ id }) => id)).size).toBe(catalogue.length);
    for (const { licence, commercial } of catalogue) {
      expect(commercial).toBe(licence === undefined ? undefined : !/-NC-/.test(licence));
    }
  });
});
