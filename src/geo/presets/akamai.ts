import type { Preset } from './preset.ts'

/** Akamai does not publish where its 4,000 PoPs are: most are inside of access networks, nearer than any of these. */
export const akamai: Preset = {
  source: 'from memory: metros where AS20940 peers at public exchanges, as PeeringDB has it',
  date: '2024',
  metros: `
    AKL AMS ARN ATH ATL BCN BEG BER BKK BNE BOG BOM BOS BRU BTS BUD CAI CCU CDG CGK CPH CPT DEL DEN DFW DOH DUB DUS
    DXB EWR EZE FCO FOR FRA GIG GRU HAM HEL HKG HNL HYD IAD IAH ICN IST JED JFK JNB KBP KIX KUL LAX LHR LIM LIS LOS
    LUX MAA MAD MAN MBA MEL MEX MIA MNL MRS MSP MUC MXP NBO NRT ORD OSL OTP PER PHX POA PRG PTY QRO RIX RUH SCL SEA
    SGN SIN SJC SLC SOF SYD TLL TLV TPA TPE VIE VNO WAW WLG YUL YVR YYZ ZAG ZRH
  `,
}
