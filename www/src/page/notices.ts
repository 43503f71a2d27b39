/** Address of the licences of what the page is made of. The offline page has its own version of this file. */
export const NOTICES = "./THIRD-PARTY.txt";
