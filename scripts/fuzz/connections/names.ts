/** Who there is: chatbots of a platform that hostile scripts speak for as well, and one that is left alone. */
export const bots = {
  session: 'sip:session@fuzz.example.net',
  standalone: 'sip:standalone@fuzz.example.net',
  /** Decides on each INVITE itself, and never does. */
  confirmed: 'sip:confirmed@fuzz.example.net',
  /** Of another platform: no hostile script has its key. */
  honest: 'sip:honest@fuzz.example.org',
} as const;

export const key = 'a-key-of-the-fuzzer';
export const honestKey = 'another-key-of-the-fuzzer';
export const adminKey = 'an-admin-key-of-the-fuzzer';
