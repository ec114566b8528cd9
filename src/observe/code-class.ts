import { OTHER } from './family.ts'

const CLASSES = [OTHER, '1xx', '2xx', '3xx', '4xx', '5xx'] as const

/** The class of an HTTP status as a label: `2xx`. A client that went away is 499, so `4xx`. */
export function codeClass(status: number): (typeof CLASSES)[number] {
  return status >= 100 && status < 600 ? CLASSES[Math.floor(status / 100)]! : OTHER
}
