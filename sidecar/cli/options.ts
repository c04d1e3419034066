/** @file Options that several verbs take, with their own wrong usage told before any file is opened. */
import { InvalidArgumentError, Option } from 'commander';
import { splitOverride } from '../config/overrides.ts';

const collect = (text: string, all: string[]): string[] => {
  if (!splitOverride(text)) throw new InvalidArgumentError('Write it as --set training.steps=300.');
  return [...all, text];
};

export const setOption = () =>
  new Option('--set <key=value>', 'override a key of the experiment; may be repeated').default([]).argParser(collect);
