package main

// demoLifts is the fifth week: lifts, a rest with an end, an ask that widens, and the
// beginning of two decisions.
var demoLifts = []storyLine{
	{-14, "09:00", "Ingrid", `ask "a lift to the eye clinic" --category lifts --when {-12}T08:30 --when {-5}T08:30 --when {+2}T08:30 --place "the yellow house, I wait inside" --costs "I pay the petrol"`, "eyes"},
	{-14, "10:00", "Rosa", `yes {eyes} --slot {-12}T08:30`, ""},
	{-14, "10:10", "Rosa", `yes {eyes} --slot {-5}T08:30`, "singing"},
	{-14, "10:20", "Farid", `stand-by {eyes} --slot {-5}T08:30`, ""},

	{-13, "09:00", "Farid", `room resting --until {+9}`, ""},
	{-13, "10:00", "Ann", `not-now {eyes}`, ""},
	{-13, "12:00", "Rosa", `ask "a letter from the health insurance that I do not understand" --category paperwork --to Ann`, "letter"},

	{-12, "09:00", "Ingrid", `done {song}`, ""},
	{-12, "10:00", "Rosa", `yes {sourdough} --note "One loaf at a time."`, "loaves"},
	{-12, "12:00", "Ingrid", `done {eyes} --slot {-12}T08:30`, ""},
	{-12, "18:00", "Rosa", `check-in Ingrid "The drops tire her eyes. She laughed about the waiting room."`, ""},

	{-11, "12:00", "Rosa", `widen {letter} --to pod --text "a letter that I do not understand" --yes`, ""},

	{-10, "12:00", "Rosa", `widen {letter} --to circle --text "somebody to read a letter with me" --yes`, ""},
	{-10, "15:00", "ليلى", `yes {letter}`, ""},

	{-9, "11:00", "Rosa", `done {letter}`, ""},
	{-9, "11:05", "Rosa", `thank {letter} "Now I know what they want. It was almost nothing."`, ""},
	{-9, "11:06", "Rosa", `met {letter}`, ""},
	{-9, "18:00", "Rosa", `propose "We put a bench at the gate of the allotment." --closes {+4}`, "bench"},
	{-9, "19:00", "Ann", `concern {bench} "At the gate it blocks Ingrid's walking frame."`, ""},

	{-8, "09:00", "Joris", `consent {bench}`, ""},
	{-8, "16:10", "Seun", `consent {bench}`, ""},
	{-8, "18:00", "Rosa", `reshape {bench} "We put a bench beside the water butt, where a walking frame passes."`, ""},
	{-8, "19:00", "Joris", `consent {bench} "I have the wood."`, ""},
	{-8, "19:10", "ليلى", `consent {bench}`, ""},
	{-8, "19:20", "Ingrid", `consent {bench} "I shall sit on it first."`, ""},
}
