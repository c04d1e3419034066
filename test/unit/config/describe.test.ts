import { describe, expect, it } from 'vitest';
import {
  allowed,
  describeKeys,
  helpText,
  jsonSchema,
  keyInfo,
  markdownTable,
} from '../../../sidecar/config/describe.ts';
import { perLayer } from '../../../sidecar/config/experiment.ts';
import { isLanguageCode } from '../../../sidecar/config/iso639.ts';
import { nearest } from '../../../sidecar/config/nearest.ts';

describe('the schema', () => {
  it('has a meaning, a type, and a range or a default for every key', () => {
    for (const row of describeKeys()) {
      expect(row.meaning, row.path).not.toBe('');
      expect(row.type, row.path).not.toMatch(/^value|^object|undefined/);
      if (row.type === 'section') continue;
      expect(row.required || row.default !== '', `${row.path} says what holds when it is left out`).toBe(true);
      if (/number|word/.test(row.type)) expect(row.range, row.path).not.toBe('');
    }
  });

  it('names the unit of every quantity of time', () => {
    for (const row of describeKeys()) {
      if (/seconds$/i.test(row.path)) expect(row.unit, row.path).toBe('seconds');
      if (/steps$|every$/i.test(row.path)) expect(row.unit, row.path).toBe('steps');
    }
  });

  it('makes the README table, the help and the JSON Schema from the same rows', () => {
    const table = markdownTable();
    const help = helpText();
    for (const row of describeKeys().filter((candidate) => candidate.type !== 'section')) {
      expect(table).toContain(`| \`${row.path}\` |`);
      expect(help).toContain(`  ${row.path}\n`);
    }
    expect(
      new Set(
        table
          .trim()
          .split('\n')
          .map((line) => line.replace(/\\\|/g, '').split('|').length),
      ),
    ).toEqual(new Set([7]));
    expect(jsonSchema()).toMatchObject({
      type: 'object',
      required: ['base', 'languages'],
      additionalProperties: false,
    });
  });

  it('finds the row of a path under any language', () => {
    expect(keyInfo(['languages', 'eng', 'hours'])).toMatchObject({ unit: 'hours' });
    expect(keyInfo(['adapter', 'targets', 3])?.path).toBe('adapter.targets');
    expect(keyInfo(['nothing'])).toBeUndefined();
    expect(allowed(keyInfo(['training', 'betas'])!)).toBe('list of 2 numbers; from 0, below 1');
  });
});

it('perLayer repeats a number, and refuses a list of another length', () => {
  expect(perLayer(3, 2)).toEqual([3, 3]);
  expect(perLayer([1, 2], 2)).toEqual([1, 2]);
  expect(() => perLayer([1, 2, 3], 2)).toThrow(/3 entries.*2 transformer layers/);
});

it('the nearest key is near, or none', () => {
  expect(nearest('learning_rate', ['learningRate', 'steps'])).toBe('learningRate');
  expect(nearest('setps', ['steps', 'betas'])).toBe('steps');
  expect(nearest('zebra', ['steps', 'betas'])).toBeUndefined();
  expect(nearest('x'.repeat(1e6), ['steps'])).toBeUndefined();
});

it('codes are ISO 639-3, not any three letters', () => {
  expect(['eng', 'cmn', 'ara', 'yor', 'wya', 'nan'].every(isLanguageCode)).toBe(true);
  expect(['en', 'ENG', 'xxx', '', 'toString'].some(isLanguageCode)).toBe(false);
});
