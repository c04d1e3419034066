import { describe, expect, it } from 'vitest';
import { formsOf } from '../../../extension/runs/forms.ts';

const l10n = { t: (message: string) => message };
const possible = (adapter: unknown) =>
  formsOf({ adapter }, l10n)
    .filter((choice) => choice.possible)
    .map(({ form }) => form);

describe('the forms that a run is offered in', () => {
  it.each([
    ['a mixture', { kind: 'lora-mixture', experts: 4 }, ['adapter', 'peft', 'onnx']],
    ['a mixture in one layer alone', { kind: 'lora-mixture', experts: [1, 2, 1] }, ['adapter', 'peft', 'onnx']],
    ['a single expert', { kind: 'lora-mixture', experts: 1 }, ['adapter', 'peft', 'onnx', 'hf']],
    ['a single expert in every layer', { kind: 'lora-mixture', experts: [1, 1] }, ['adapter', 'peft', 'onnx', 'hf']],
    [
      'an expert beside one that is always on',
      { kind: 'lora-mixture', experts: 1, sharedExperts: 1 },
      ['adapter', 'peft', 'onnx'],
    ],
    ['experts by language', { kind: 'lora-mixture', experts: 2, router: { kind: 'language' } }, ['adapter']],
    ['the whole transformer', { kind: 'full', experts: 4 }, ['adapter', 'onnx', 'hf']],
    ['the head alone', { kind: 'none', experts: 4 }, ['adapter', 'onnx']],
  ])('%s', (_, adapter, forms) => expect(possible(adapter)).toEqual(forms));

  it('all stay in the list, each with a line of words, and what is not for the run says why', () => {
    const choices = formsOf({ adapter: { kind: 'lora-mixture', experts: 2 } }, l10n);
    expect(choices.map(({ form }) => form)).toEqual(['adapter', 'peft', 'onnx', 'hf']);
    expect(choices.find(({ form }) => form === 'hf')!.detail).toMatch(/gates depend on what is heard.*Take ONNX/);
    for (const { detail } of choices) expect(detail.length).toBeGreaterThan(20);
  });

  it.each([[undefined], [null], [7], [{}], [{ adapter: null }], [{ adapter: [] }]])(
    '%j is taken for a mixture',
    (resolved) =>
      expect(
        formsOf(resolved, l10n)
          .filter((choice) => !choice.possible)
          .map(({ form }) => form),
      ).toEqual(['hf']),
  );
});
