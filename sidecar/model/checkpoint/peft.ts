/** @file An adapter of PEFT is called what it is, instead of a broken model or a broken adapter of ours. */
import { UserError } from '../../errors.ts';

/** @throws UserError where `config`, an `adapter_config.json`, is PEFT's */
export function refusePeft(config: Record<string, unknown>, file: string): void {
  const { peft_type: type, base_model_name_or_path: base } = config;
  if (typeof type !== 'string' || config.format !== undefined) return;
  const of = typeof base === 'string' ? ` of ${JSON.stringify(base.slice(0, 200))}` : '';
  throw new UserError({
    code: 'checkpoint.peft',
    tried: `use ${file}`,
    why: `it is a PEFT adapter (${type.slice(0, 80)})${of}, and no model.`,
    cure: 'Merge it into its base with PEFT (merge_and_unload) and save that, or take the base itself.',
  });
}
