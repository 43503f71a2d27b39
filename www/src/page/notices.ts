/** Address of the licences of the page's dependencies. The offline page has its own version of this file. */
export const NOTICES = "./THIRD-PARTY.txt";
