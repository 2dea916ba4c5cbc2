// Loaded before the client (node -r): what it sends to the hosts it knows goes to the server on PERSONAE_PORT.
"use strict";

const http = require("http");
const https = require("https");

const CLEVERTAP = /^[a-z0-9]+\.api\.clevertap\.com$/;

https.request = function (options, onResponse) {
  if (!CLEVERTAP.test(options.hostname)) {
    throw new Error(`the client wants to talk to ${options.hostname}`);
  }
  const headers = { ...options.headers, Host: options.hostname };
  const here = { protocol: "http:", host: "127.0.0.1", hostname: "127.0.0.1", port: process.env.PERSONAE_PORT };
  return http.request({ ...options, ...here, headers }, onResponse);
};
