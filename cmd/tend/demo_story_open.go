package main

// demoOpen is the week that ends today: what is still open when somebody looks.
var demoOpen = []storyLine{
	{-7, "09:00", "Seun", `consent {bench}`, ""},
	{-7, "09:10", "Farid", `consent {bench}`, ""},
	{-7, "09:20", "Mei", `consent {bench} "Good for the little ones."`, ""},
	{-7, "10:00", "Rosa", `ask "watch the oven while I fetch Noor and ليلى from the station" --category errands --when {-6}T16:00`, "oven"},
	{-7, "11:00", "Joris", `yes {oven}`, ""},
	{-7, "12:00", "Tomasz", `propose "We lock the tool shed at night." --closes {+6}`, "shed"},
	{-7, "13:00", "Joris", `consent {shed}`, ""},
	{-7, "14:00", "Ann", `concern {shed} "Who comes home late finds no ladder and no pump."`, ""},
	{-6, "10:00", "Seun", `yes {drill} --when {-5}/{-2}`, "drilling"},
	{-6, "11:00", "Ann", `yes {drilling}`, ""},
	{-5, "13:00", "Ingrid", `thank {singing} "You sang in the car."`, ""},
	{-5, "18:00", "Ann", `ask "somebody for the cat while I am away" --category pets --when {+3}/{+6}`, "cat"},
	{-5, "18:30", "Mei", `yes {cat}`, ""},
	{-5, "18:40", "Ann", `yes {allotment} --slot {+8}T18:00`, "beds"},

	{-4, "09:00", "Joris", `part Ann "Our Thursday swims have become a duty to me. Thank you for every cold morning of them."`, ""},
	{-4, "10:00", "Ingrid", `ask "bread from the market" --category errands --when {-2}T09:00 --repeat "weekly x8"`, "bread"},
	{-4, "11:00", "Rosa", `yes {bread} --slot {+5}T09:00`, ""},
	{-3, "10:00", "Ingrid", `edit {bread} --when {-2}T11:00`, ""},
	{-3, "11:00", "Rosa", `change {loaves} --review {+14}`, ""},
	{-3, "12:00", "ليلى", `ask "half an hour for myself" --category childcare --when {+1}T10:00 --when {+3}T10:00`, "half"},

	{-2, "08:00", "Seun", `goes`, ""},
	{-2, "08:10", "Tomasz", `yes {eyes} --slot {+2}T08:30`, ""},
	{-2, "08:20", "Seun", `yes {eyes} --slot {+2}T08:30`, ""},
	{-2, "08:30", "Seun", `comes`, ""},

	{-2, "16:00", "Ingrid", `may-i Rosa "bring you a loaf" --when {+2}`, "loaf"},
	{-2, "17:00", "Ann", `talk with Rosa "I watered alone on the evening you were down for, and was cross for days." --about {allotment}`, "watering"},
	{-1, "09:00", "Rosa", `follow meals childcare`, ""},
	{-1, "09:01", "Rosa", `remind --before 2d`, ""},
	{-1, "09:02", "Rosa", `digest --every week --at 08:00 --out {homes.Rosa}/letter.txt`, ""},
	{-1, "09:03", "Rosa", `reflect "Mostly. I notice that I ask last."`, ""},
	{-1, "18:00", "Ann", `ask "walk Bruno on the hard day" --for Tomasz --under 1 --category pets --when {+2}T11:00`, "morning"},
	{-1, "20:00", "Seun", `listen yes --until {+1}T22:00`, ""},
}
