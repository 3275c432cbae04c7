/**
 * An amount as it was typed, without the commas between its thousands. Any other comma stays, and makes it no amount: where
 * it is the decimal point, "12,50" would otherwise be a hundred times as much.
 */
export function ungroup(text: string): string {
  const trimmed = text.trim()
  return /^\d{1,3}(,\d{3})+(\.\d+)?$/.test(trimmed) ? trimmed.replaceAll(',', '') : trimmed
}
