/** @file No adapter: the base stays as it is, and the head alone trains. The control. */
import { type Adapter, nothingAttached } from './adapter.ts';

export const none: Adapter = {
  parameters: [],
  trains: () => false,
  fromWave: false,
  attach: nothingAttached,
  pieces: [],
};
