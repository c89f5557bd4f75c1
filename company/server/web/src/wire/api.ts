/** Where the company answers. */
export const API = "/api/v1";
