package main

// demoGrief is the third week: a bereavement, and what had been wished beforehand.
var demoGrief = []storyLine{
	{-28, "18:50", "Tomasz", `group nearest Rosa Ann`, ""},
	{-28, "19:00", "Tomasz", `ask "lifts to the hospital for my father, this week" --category lifts --to nearest --tender`, "father"},
	{-28, "19:30", "Ann", `yes {father}`, ""},
	{-28, "22:00", "Tomasz", `note {father} "He died this evening. You need not say anything."`, ""},
	{-28, "22:04", "Tomasz", `done {father}`, ""},
	{-28, "22:05", "Tomasz", `met {father}`, ""},
	{-28, "22:10", "Tomasz", `room resting --until {-17}`, ""},

	{-27, "08:00", "Rosa", `ask "soup at the door for Tomasz" --for Tomasz --under 1 --category meals --when {-27}T18:00 --when {-26}T18:00 --when {-24}T18:00`, "evenings"},
	{-27, "08:30", "Tomasz", `yes {evenings}`, ""},
	{-27, "09:00", "Rosa", `yes {evenings} --slot {-27}T18:00`, ""},
	{-27, "10:00", "Joris", `yes {evenings} --slot {-26}T18:00`, ""},
	{-27, "11:00", "Ingrid", `yes {evenings} --slot {-24}T18:00`, ""},
	{-27, "16:00", "Seun", `ask "walk Bruno" --for Tomasz --under 1 --category pets --when {-26}T17:00 --repeat "daily x5"`, "bruno"},
	{-27, "16:30", "Tomasz", `yes {bruno}`, ""},
	{-27, "17:00", "Seun", `yes {bruno} --every all`, ""},

	{-26, "09:00", "Tomasz", `ask "someone beside me at the funeral" --category grief --tender --when {-25}T14:00 --people 2 --to pod`, "funeral"},
	{-26, "09:30", "Rosa", `yes {funeral}`, "beside"},
	{-26, "17:00", "Seun", `yes {funeral}`, ""},
	{-25, "18:00", "Tomasz", `done {beside}`, ""},
	{-24, "18:00", "Seun", `check-in Tomasz "We walked by the river. He ate a little."`, ""},
	{-24, "19:00", "Ann", `may-i Tomasz "sit with you for a while, without talking" --when {-23}T15:00`, "sit"},
	{-24, "20:00", "Tomasz", `yes {sit}`, ""},
	{-23, "18:00", "Tomasz", `done {sit}`, ""},
	{-23, "18:10", "Tomasz", `thank {sit} "The quiet was good."`, ""},
	{-22, "12:00", "Tomasz", `tender-date add {-28} "my father died" --welcome "say his name; walk a while with us"`, ""},
	{-22, "12:10", "Tomasz", `met {evenings}`, ""},
	{-22, "12:11", "Tomasz", `met {bruno}`, ""},
	{-22, "12:15", "Tomasz", `note {evenings} "I did not have to ask. I had no words for asking."`, ""},
	{-22, "18:00", "Rosa", `pair-note Tomasz "His father's name was Marek. He likes to hear it said."`, ""},
}
