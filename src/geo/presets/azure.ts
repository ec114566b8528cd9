import type { Preset } from './preset.ts'

/** Suburbs are at their metro; Boydton in Virginia is at RDU, Quincy in Washington at EAT, Cheyenne at CYS. */
export const azure: Preset = {
  source:
    'https://learn.microsoft.com/azure/frontdoor/edge-locations-by-region, as github.com/tobilg/azure-edge-locations read it',
  date: '2025-10-05',
  metros: `
    AKL AMS ARN ATH ATL BCN BER BKK BNA BNE BOG BOM BOS BRU BUD CAI CDG CGK CPH CPT CYS DEL DEN DFW DOH DSM DTW DUB
    DUS DXB EAT EWR EZE FCO FRA GIG GRU HEL HKG HNL HYD IAD IAH ICN IST JAX JFK JNB KIX KUL LAS LAX LHR LIS LOS MAA
    MAD MAN MEL MEM MIA MNL MSP MUC MXP NBO NRT ORD OSL OTP PDX PER PHL PHX PRG QRO RBA RDU SAT SEA SGN SIN SJC SLC
    SOF SVG SYD TLV TPE VCP WAW YUL YVR YYZ ZRH
  `,
}
