package main

// demoLifts is the fifth week: lifts, a rest with an end, a lost telephone, an ask that
// widens, and the beginning of two decisions.
var demoLifts = []storyLine{
	{-14, "09:00", "Ingrid", `ask "a lift to the eye clinic" --category lifts --when {-12}T08:30 --when {-5}T08:30 --when {+2}T08:30 --place "the yellow house, I wait inside" --costs "I pay the petrol"`, "eyes"},
	{-14, "10:00", "Rosa", `yes {eyes} --slot {-12}T08:30`, ""},
	{-14, "10:10", "Rosa", `yes {eyes} --slot {-5}T08:30`, "singing"},
	{-14, "10:20", "Farid", `stand-by {eyes} --slot {-5}T08:30`, ""},

	{-14, "11:00", "Joris", `loses`, ""},
	{-14, "11:30", "Ann", `invite --for Joris --until 30d`, "again"},
	{-14, "12:00", "Joris", `recover begin {again.text} --i-am Joris --wait 1s`, "lost"},
	{-14, "12:30", "Ann", `recover stand Joris {lost.text} --words "{lost.words}"`, ""},
	{-14, "18:00", "Tomasz", `recover stand Joris {lost.text} --words "{lost.words}"`, ""},

	{-13, "09:00", "Farid", `room resting --until {+9}`, ""},
	{-13, "10:00", "Ann", `not-now {eyes}`, ""},
	{-13, "12:00", "Rosa", `ask "a letter from the health insurance that I do not understand" --category paperwork --to Ann`, "letter"},

	{-12, "09:00", "Ingrid", `done {song}`, ""},
	{-12, "10:00", "Rosa", `yes {sourdough} --note "One loaf at a time."`, "loaves"},
	{-12, "12:00", "Ingrid", `done {eyes} --slot {-12}T08:30`, ""},
	{-12, "18:00", "Rosa", `check-in Ingrid "The drops tire her eyes. She laughed about the waiting room."`, ""},

	{-11, "12:00", "Rosa", `widen {letter} --to pod --text "a letter that I do not understand" --yes`, ""},

	{-11, "18:00", "Ingrid", `propose "The lamp on the mill path stays lit until ten." --closes {-8}`, "lamp"},
	{-11, "18:10", "Tomasz", `note {lamp} "I come home that way."`, ""},

	{-10, "09:00", "Ann", `recover finish Joris`, ""},
	{-10, "09:30", "Joris", `check-in Ann "It is me again, with a telephone that floats less well than the last one."`, ""},
	{-10, "10:00", "Rosa", `consent {lamp}`, ""},
	{-10, "10:10", "Tomasz", `consent {lamp}`, ""},
	{-10, "10:20", "ليلى", `consent {lamp}`, ""},
	{-10, "10:30", "Seun", `consent {lamp}`, ""},
	{-10, "12:00", "Rosa", `widen {letter} --to circle --text "somebody to read a letter with me" --yes`, ""},
	{-10, "15:00", "ليلى", `yes {letter}`, ""},

	{-9, "11:00", "Rosa", `done {letter}`, ""},
	{-9, "11:05", "Rosa", `thank {letter} "Now I know what they want. It was almost nothing."`, ""},
	{-9, "11:06", "Rosa", `met {letter}`, ""},
	{-9, "18:00", "Rosa", `propose "We put a bench at the gate of the allotment." --closes {+4}`, "bench"},
	{-9, "19:00", "Ann", `concern {bench} "At the gate it blocks Ingrid's walking frame."`, ""},

	{-9, "20:00", "Mei", `goes`, ""},
	{-9, "20:30", "Mei", `concern {lamp} "It shines into my room. Until nine I can sleep well."`, ""},

	{-8, "09:00", "Joris", `consent {bench}`, ""},
	{-8, "16:10", "Seun", `consent {bench}`, ""},
	{-8, "18:00", "Rosa", `reshape {bench} "We put a bench beside the water butt, where a walking frame passes."`, ""},
	{-8, "19:00", "Joris", `consent {bench} "I have the wood."`, ""},
	{-8, "19:10", "ليلى", `consent {bench}`, ""},
	{-8, "19:20", "Ingrid", `consent {bench} "I shall sit on it first."`, ""},
}
