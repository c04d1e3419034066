/**
 * @file VS Code's quick input as a person uses it: palette, lists, boxes, file dialogs. Nothing here is timed: a key is
 * pressed when what it shall hit is seen to have the focus, and again where the editor lost it while it drew.
 */
import type { Locator, Page } from 'playwright-core';

/** The widget may go while it is waited for: then one begins anew. */
const soon = { timeout: 3000 };
const widget = (page: Page): Locator => page.locator('.quick-input-widget:visible');
const input = (page: Page): Locator => widget(page).locator('input:is([type=text], [type=password])');
const rows = (page: Page): Locator => widget(page).locator('.quick-input-list .monaco-list-row');

/** A row of the list that is open. */
export const choice = (page: Page, text: string): Locator => rows(page).filter({ hasText: text }).first();

/** Chooses an entry of the list that is open. */
export const pick = (page: Page, label: string, timeout = 20_000): Promise<void> =>
  choice(page, label).click({ timeout });

/** Runs a command by its title. */
export async function palette(page: Page, title: string, timeout = 30_000): Promise<void> {
  await until(timeout, async () => {
    // Opened before the extension's commands were known, the list stays without them: it is opened anew.
    if (await input(page).isVisible()) await page.keyboard.press('Escape');
    await page.keyboard.press('F1');
    await input(page).waitFor(soon);
    await typeRow(page, `>${title}`, title);
  });
}

/** Runs a command and chooses from its list, anew where the list went away because something else took the focus. */
export const paletteAndPick = (page: Page, title: string, label: string): Promise<void> =>
  until(60_000, async () => {
    await palette(page, title);
    await pick(page, label, 5000);
  });

/** Chooses from the list that is open by typing, as a long list wants it. */
export const typeChoice = (page: Page, label: string, timeout = 30_000): Promise<void> =>
  until(timeout, () => typeRow(page, label, label));

/** Answers the box with this title. */
export async function typeAnswer(page: Page, title: string, text: string): Promise<void> {
  const box = widget(page).filter({ has: page.locator('.quick-input-title', { hasText: title }) });
  await box.waitFor({ timeout: 30_000 });
  // The list that led here has gone with its filter.
  await box.locator('.quick-input-list').waitFor({ state: 'hidden' });
  await input(page).fill(text);
  await enter(page, () => box.isVisible());
}

/** Answers the file dialog with this title. It lists the folder that it proposes before it hears what is typed. */
export async function typePath(page: Page, title: string, path: string): Promise<void> {
  const box = widget(page).filter({ has: page.locator('.quick-input-title', { hasText: title }) });
  await box.waitFor({ timeout: 30_000 });
  await rows(page).getByText('..', { exact: true }).first().waitFor({ timeout: 30_000 });
  await until(30_000, async () => {
    if (!(await box.isVisible())) return;
    await input(page).fill(path, soon);
    // A listing that ends late writes its folder over what was typed.
    for (let i = 0; i < 10; i++, await page.waitForTimeout(50))
      if ((await input(page).inputValue(soon)) !== path) throw new Error(`The dialog “${title}” did not keep ${path}.`);
    await enter(page, () => box.isVisible());
  });
}

/** Filters, and takes the row that reads exactly so: the list is drawn anew meanwhile, so the focused row counts. */
async function typeRow(page: Page, text: string, label: string): Promise<void> {
  const exactly = { has: page.getByText(label, { exact: true }) };
  const focused = widget(page).locator('.monaco-list-row.focused').filter(exactly);
  await input(page).fill(text, soon);
  await rows(page).filter(exactly).first().waitFor(soon);
  for (let i = 0; i < 10 && (await focused.count()) === 0; i++) await page.keyboard.press('ArrowDown', { delay: 50 });
  await focused.first().waitFor(soon);
  await enter(page, async () => (await input(page).isVisible()) && (await input(page).inputValue(soon)) === text);
}

/** Enter, once the input has the focus, which an editor that opens late may take; an error where nothing came of it. */
async function enter(page: Page, still: () => Promise<boolean>): Promise<void> {
  await input(page).and(page.locator(':focus')).waitFor(soon);
  await page.keyboard.press('Enter');
  for (const end = Date.now() + 3000; await still().catch(() => false); await page.waitForTimeout(50))
    if (Date.now() > end) throw new Error('Enter changed nothing.');
}

/** Tries again until it works. */
async function until(timeout: number, act: () => Promise<void>): Promise<void> {
  for (const end = Date.now() + timeout; ; ) {
    try {
      return await act();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }
}
