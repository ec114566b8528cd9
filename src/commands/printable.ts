/**
 * Text for a terminal: what it would obey (escape sequences, C1 controls, marks that turn the direction of writing) is shown
 * as U+FFFD. Names in files, and what upstreams answer, end up in what commands print.
 */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '\ufffd').toWellFormed()
}
