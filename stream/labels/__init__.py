"""Labels and cards: which codes, drawn how, on which sheet, written as PDF or SVG; and what is wrong with a code."""
