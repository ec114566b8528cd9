import type { Preset } from './preset.ts'

/** Codes of Fastly's PoPs, without QAC, QAK and QAS, which are no airports, and the second ones of London and Madrid. */
export const fastly: Preset = {
  source: 'https://www.fastly.com/network-map, as github.com/adaptive/pops lists it',
  date: '2026-03-20',
  metros: `
    ACC ADL AKL AMS BER BFI BGY BKK BMA BNE BOG BOM BOS BRU BSB BUR CCU CHC CHI CMH CPH CPT CWB DEL DEN DFW DTW DUB
    DXB EWR EZE FCO FJR FOR FRA GIG GNV GRU HEL HKG HNL HYD IAD IAH ICN ITM IXD IXM IXR IXZ JAX JGA JNB KNU KTU KUL
    LAX LCY LGA LGW LHR LIM LIN LIS LTN MAA MAD MAN MCI MEL MIA MNL MRS MSP MUC MXP NRT ORD OSL PAO PDK PDX PER PHX
    PNQ QPG QRO RPR RTM SCL SJC SOF SSE STL STP STV SXV SYD TYO VIE VNS VTZ WLG YUL YVR YYC YYZ
  `,
}
