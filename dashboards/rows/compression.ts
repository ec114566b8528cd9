import type { RowPlan } from '../plan.ts'
import { sumRate } from '../promql.ts'

const INPUT = sumRate('encoding', 'polycdn_compression_input_bytes_total')
const OUTPUT = sumRate('encoding', 'polycdn_compression_output_bytes_total')

export const COMPRESSION: RowPlan = {
  title: 'Compression',
  height: 7,
  panels: [
    {
      title: 'Compressed responses',
      description:
        'By coding; kept: compressed for another client before. What came compressed from an upstream is not among them.',
      kind: 'stacked',
      width: 8,
      unit: 'reqps',
      queries: [
        { expr: sumRate('encoding', 'polycdn_compressed_responses_total'), legend: '{{encoding}}' },
        { expr: sumRate('encoding', 'polycdn_compression_reused_total'), legend: '{{encoding}}, kept' },
      ],
    },
    {
      title: 'Bytes saved by compression',
      description: 'What went in without what came out.',
      kind: 'stacked',
      width: 8,
      unit: 'Bps',
      queries: [{ expr: `${INPUT} - ${OUTPUT}`, legend: '{{encoding}}' }],
    },
    {
      title: 'Sent uncompressed for want of room',
      description: 'As many as may be were being compressed: slow clients, or too few processes.',
      kind: 'lines',
      width: 8,
      unit: 'reqps',
      queries: [{ expr: 'sum(rate(polycdn_compression_skipped_total[$__rate_interval]))', legend: 'skipped' }],
    },
  ],
}
