/** @file Whether what the guide's page says is a message: its script is ours, its values are not. No VS Code here. */
import { lengths } from '../../../sidecar/config/guide/steps.ts';
import { type FromGuide, guideActions } from '../../../sidecar/config/guide/view.ts';

const roles: unknown[] = ['new', 'existing', 'off'];
const mostLanguages = 10_000;

const isText = (value: unknown, most = 500): boolean => typeof value === 'string' && value.length <= most;
const isNumber = (value: unknown, most: number): boolean =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= most;
const maybe = (value: unknown, is: (value: unknown) => boolean): boolean => value === undefined || is(value);

function isChoice(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { name, roles: chosen, base, head, joinSeconds, minSeconds, replay, length } = value as Record<string, unknown>;
  if (typeof chosen !== 'object' || chosen === null) return false;
  const pairs = Object.entries(chosen);
  return (
    pairs.length <= mostLanguages &&
    pairs.every(([code, role]) => isText(code, 100) && roles.includes(role)) &&
    [name, base, head].every((text) => maybe(text, (one) => isText(one))) &&
    maybe(joinSeconds, (one) => isNumber(one, 600)) &&
    maybe(minSeconds, (one) => isNumber(one, 600)) &&
    maybe(replay, (one) => isNumber(one, 0.9)) &&
    maybe(length, (one) => (lengths as readonly unknown[]).includes(one))
  );
}

export function isFromGuide(value: unknown): value is FromGuide {
  if (typeof value !== 'object' || value === null) return false;
  const message = value as Record<string, unknown>;
  switch (message.type) {
    case 'ready':
      return true;
    case 'choose':
      return isChoice(message.choice);
    case 'act':
      return (guideActions as readonly unknown[]).includes(message.action);
    case 'fault':
      return isText(message.message, 10_000);
    default:
      return false;
  }
}
