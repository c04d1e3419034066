/** @file In which forms a run can be taken along, by what its experiment trained. It must not know VS Code. */
import { type ExportForm, exportForms } from '../../sidecar/protocol/forms.ts';
import type { L10n } from '../text.ts';

export interface FormChoice {
  form: ExportForm;
  label: string;
  /** What it is good for; or why this run cannot be had so. */
  detail: string;
  possible: boolean;
}

type Trained = 'mixture' | 'by language' | 'expert' | 'full' | 'none';

/** What `resolved.json` says was trained; a mixture where it does not say. */
function trainedIn(resolved: unknown): Trained {
  const { kind, experts, sharedExperts, router } =
    (resolved as { adapter?: Record<'kind' | 'experts' | 'sharedExperts' | 'router', unknown> } | null)?.adapter ?? {};
  if (kind === 'full' || kind === 'none') return kind;
  if ((router as { kind?: unknown } | undefined)?.kind === 'language') return 'by language';
  const counts = [experts].flat();
  const isOne = counts.length > 0 && counts.every((count) => count === 1) && !sharedExperts;
  return isOne ? 'expert' : 'mixture';
}

export function formsOf(resolved: unknown, l10n: L10n): FormChoice[] {
  const trained = trainedIn(resolved);
  const byLanguage =
    trained === 'by language'
      ? l10n.t('Its experts go by language: milore export --language in the terminal takes that of one along.')
      : undefined;
  const words: Record<ExportForm, { label: string; detail: string; why?: string }> = {
    adapter: {
      label: 'MiLorE',
      detail: l10n.t('The adapter with its routers and head: for milore embed, milore superb and forks.'),
    },
    peft: {
      label: 'PEFT',
      detail:
        trained === 'mixture'
          ? l10n.t('One LoRA adapter an expert, for Python; no single one is the mixture.')
          : l10n.t('A LoRA adapter that PEFT loads as it is, for Python.'),
      why:
        trained === 'full' || trained === 'none' ? l10n.t('Not for this run: it trained no LoRA experts.') : byLanguage,
    },
    onnx: {
      label: 'ONNX',
      detail: l10n.t('The adapted encoder as one graph, gates and all: for transformers.js and onnxruntime.'),
      why: byLanguage,
    },
    hf: {
      label: 'Hugging Face',
      detail: l10n.t('Merged into the base, a model folder for transformers.'),
      why:
        trained === 'mixture'
          ? l10n.t(
              'Not for this run: a mixture’s gates depend on what is heard, so no one weight computes it. Take ONNX.',
            )
          : trained === 'none'
            ? l10n.t('Not for this run: it trained the head alone, and the encoder is the base as it was.')
            : byLanguage,
    },
  };
  return exportForms.map((form) => {
    const { label, detail, why } = words[form];
    return { form, label, detail: why ?? detail, possible: why === undefined };
  });
}
