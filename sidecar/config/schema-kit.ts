/** @file What the schema's keys are made of: kinds of numbers, and the words that stand with each. */
import * as z from 'zod';

interface About {
  /** Unit of measure, where the value has one. */
  unit?: string;
  /** What holds when the key is left out and no fixed value can say it. */
  otherwise?: string;
  /** The paper that the key or its default comes from; our own otherwise. */
  source?: string;
}

export const about = (meaning: string, { unit, otherwise, source }: About = {}) => ({
  description: meaning,
  ...(unit ? { unit } : {}),
  ...(otherwise ? { otherwise } : {}),
  ...(source ? { source } : {}),
});

export const count = (least: number, most: number) => z.int().min(least).max(most);
export const real = (least: number, most: number) => z.number().min(least).max(most);
export const positive = (most: number) => z.number().gt(0).max(most);
export const path = () => z.string().min(1).max(4096).meta({ format: 'path' });
export const code = () => z.string().min(1).max(64);
export const section = <S extends z.ZodRawShape>(meaning: string, shape: S) =>
  z
    .strictObject(shape)
    .prefault({} as never)
    .meta(about(meaning));

export const rate = () => positive(1);
