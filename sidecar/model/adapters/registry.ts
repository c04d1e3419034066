/** @file The adapters that are known. A new one is a file beside the others and a line here. */
import type { BaseConfig } from '../../architecture/config.ts';
import type { AdapterConfig } from '../config.ts';
import type { Adapter } from './adapter.ts';
import { full, scratch } from './full.ts';
import { mixtureHook, mixtureParameters } from './mixture.ts';
import { mixturePieces } from './mixture-pieces.ts';
import { none } from './none.ts';

export function adapterOf({ base, adapter }: { base: BaseConfig; adapter: AdapterConfig }): Adapter {
  switch (adapter.kind) {
    case 'lora-mixture':
      return {
        ...none,
        parameters: mixtureParameters(base, adapter.mixture),
        attach: (graph, parameter, training) => mixtureHook(graph, adapter.mixture, parameter, training),
        pieces: mixturePieces(base, adapter.mixture),
      };
    case 'full':
      return full;
    case 'scratch':
      return scratch;
    case 'none':
      return none;
  }
}
