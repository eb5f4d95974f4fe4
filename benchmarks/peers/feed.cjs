// The obvious script once more, with the package `feed` of npm: node feed.cjs ARCHIVE OUTPUT
// It reads every article, and writes the newest ones as Atom and RSS.

"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { Feed } = require("feed");

const LIMIT = 100;
const SITE = "http://127.0.0.1:8000/";
const ARTICLE = /^<!--(\d+)-->\n\[(.*)\]\((\S+)\)\n-+\n\n<div><i>.*?<br>(.*?)<\/i><\/div>([^]*)$/;

function* files(directory) {
  for (const entry of fs.readdirSync(directory, { withFileTypes: true })) {
    const place = path.join(directory, entry.name);
    if (entry.isDirectory()) yield* files(place);
    else yield place;
  }
}

function read(file) {
  const [, epoch, title, link, published, content] = ARTICLE.exec(fs.readFileSync(file, "utf8"));
  return { title, id: link, link, content, date: new Date(Number(epoch)), published: new Date(published) };
}

const [archive, output] = process.argv.slice(2);
const articles = Array.from(files(archive), read);
articles.sort((one, other) => other.published - one.published);
const feed = new Feed({ id: SITE, link: SITE, title: path.basename(archive) });
articles.slice(0, LIMIT).forEach((article) => feed.addItem(article));
fs.mkdirSync(output, { recursive: true });
fs.writeFileSync(path.join(output, "atom.xml"), feed.atom1());
fs.writeFileSync(path.join(output, "rss.xml"), feed.rss2());
