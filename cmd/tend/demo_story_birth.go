package main

// demoBirth is the second week: a child is born, and the street brings meals.
var demoBirth = []storyLine{
	{-35, "09:00", "Rosa", `ceiling 2/week`, ""},
	{-34, "11:00", "Rosa", `done {knee}`, ""},
	{-34, "11:10", "Rosa", `thank {knee} "Thank you for waiting with me."`, ""},
	{-34, "12:00", "Joris", `offer "a cradle, to keep" --category "things to borrow" --details "It rocks a little to the left."`, "cradle"},
	{-34, "13:00", "ليلى", `yes {cradle}`, ""},
	{-34, "18:00", "Joris", `done {cradle}`, ""},
	{-34, "18:05", "Joris", `withdraw {cradle}`, ""},

	{-34, "19:00", "Rosa", `ask "a warm meal for ليلى and the little one" --for ليلى --category meals --when {-33}T18:00 --when {-32}T18:00 --when {-31}T18:00 --when {-30}T18:00 --when {-29}T18:00 --details "Leave it on the stairs; they sleep when they can."`, "meals"},
	{-34, "20:00", "ليلى", `yes {meals}`, ""},
	{-34, "20:10", "ليلى", `note {meals} "Her name is Noor. Please do not be cross if nobody opens."`, ""},
	{-34, "20:30", "Rosa", `yes {meals} --slot {-33}T18:00`, "midnight"},
	{-34, "20:40", "Ingrid", `yes {meals} --slot {-32}T18:00`, ""},
	{-34, "20:45", "Seun", `yes {meals} --slot {-31}T18:00`, ""},
	{-34, "20:50", "Ann", `yes {meals} --slot {-30}T18:00`, ""},
	{-34, "20:55", "Farid", `stand-by {meals} --slot {-31}T18:00`, ""},
	{-33, "19:00", "ليلى", `thank {midnight} "It was still warm at midnight."`, ""},
	{-33, "20:00", "Seun", `cannot {meals} --slot {-31}T18:00`, ""},
	{-33, "20:30", "Farid", `yes {meals} --slot {-31}T18:00`, ""},
	{-32, "10:00", "Rosa", `yes {meals} --slot {-29}T18:00`, ""},
	{-31, "09:00", "ليلى", `ask "hold Noor while I wash my hair" --category childcare --when {-30}T11:00`, "hair"},
	{-31, "10:00", "Rosa", `yes {hair}`, ""},
	{-30, "12:00", "ليلى", `done {hair}`, ""},
	{-30, "21:00", "ليلى", `ask --listening call --listening text --details "The nights are long."`, "nights"},
	{-30, "21:10", "Ann", `yes {nights}`, ""},
	{-30, "23:00", "ليلى", `done {nights}`, ""},
	{-30, "23:05", "ليلى", `thank {nights} "You did not tell me to sleep."`, ""},
	{-30, "23:10", "ليلى", `met {nights}`, ""},
	{-29, "20:00", "ليلى", `enough {meals}`, ""},
}
