// What a person sees in the page: roles and names, close to the W3C's "Accessible Name and Description Computation".
const ROLES = {
  A: el => (el.hasAttribute('href') ? 'link' : ''),
  ARTICLE: () => 'article', ASIDE: () => 'complementary', BUTTON: () => 'button', DIALOG: () => 'dialog',
  FIELDSET: () => 'group', FORM: () => 'form', H1: () => 'heading', H2: () => 'heading', H3: () => 'heading',
  H4: () => 'heading', IMG: () => 'img', LI: () => 'listitem', MAIN: () => 'main', NAV: () => 'navigation',
  OL: () => 'list', OPTION: () => 'option', OUTPUT: () => 'status', PROGRESS: () => 'progressbar',
  SECTION: () => 'region', SELECT: el => (el.multiple ? 'listbox' : 'combobox'), SUMMARY: () => 'button',
  TABLE: () => 'table', TD: () => 'cell', TEXTAREA: () => 'textbox', TH: () => 'columnheader', TR: () => 'row',
  UL: () => 'list',
  INPUT: el => ({
    button: 'button', checkbox: 'checkbox', image: 'button', number: 'spinbutton', radio: 'radio', range: 'slider',
    reset: 'button', search: 'searchbox', submit: 'button',
  }[el.type] || (el.list ? 'combobox' : 'textbox')),
};
const role = el => el.getAttribute('role') || (ROLES[el.tagName] || (() => ''))(el);
const tidy = text => (text || '').replace(/\s+/g, ' ').trim();
const hidden = el => el.closest('[aria-hidden="true"], [hidden], [inert]') !== null;
const visible = el => !hidden(el) && el.getClientRects().length > 0 && getComputedStyle(el).visibility !== 'hidden';
const ids = (el, attribute) => (el.getAttribute(attribute) || '').split(/\s+/).filter(Boolean)
  .map(id => document.getElementById(id)).filter(Boolean);
// The text of an element and what is in it, icons by their names.
const content = el => tidy([...el.childNodes].map(node => {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  if (node.nodeType !== Node.ELEMENT_NODE || node.getAttribute('aria-hidden') === 'true' || node.hidden) return '';
  return node.getAttribute('aria-label') || node.getAttribute('alt') || (node.tagName === 'SELECT' ? '' : content(node));
}).join(' '));
const OF_CONTENT = ['button', 'cell', 'checkbox', 'columnheader', 'gridcell', 'heading', 'link', 'listitem', 'menuitem',
  'menuitemcheckbox', 'menuitemradio', 'option', 'radio', 'row', 'rowheader', 'switch', 'tab', 'tooltip', 'treeitem'];
const name = el => {
  const labelled = ids(el, 'aria-labelledby').map(content).join(' ');
  if (tidy(labelled)) return tidy(labelled);
  if (tidy(el.getAttribute('aria-label'))) return tidy(el.getAttribute('aria-label'));
  if (el.labels && el.labels.length) return tidy([...el.labels].map(content).join(' '));
  if (el.alt) return tidy(el.alt);
  if (el.tagName === 'INPUT' && ['button', 'submit', 'reset'].includes(el.type)) return tidy(el.value);
  if (el.tagName === 'FIELDSET') { const legend = el.querySelector('legend'); return legend ? content(legend) : ''; }
  if (el.tagName === 'TABLE' && el.caption) return content(el.caption);
  if (OF_CONTENT.includes(role(el)) && content(el)) return content(el);
  return tidy(el.title) || tidy(el.placeholder);
};
const EDITABLE = ['textbox', 'searchbox', 'spinbutton', 'combobox', 'slider'];
const isRole = (el, wanted) => (wanted === 'editable' ? EDITABLE.includes(role(el)) : role(el) === wanted);
// An open modal dialog is all that a person can reach.
const within = () => { const open = [...document.querySelectorAll('dialog:modal')]; return open[open.length - 1] || document; };
// The visible elements of a role whose name is this one, or else those whose name begins with it.
const named = (wanted, called) => {
  const all = [...within().querySelectorAll('*')].filter(el => isRole(el, wanted) && visible(el));
  const exact = all.filter(el => name(el) === called);
  return exact.length ? exact : all.filter(el => name(el).startsWith(called));
};
