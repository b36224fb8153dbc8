package main

// demoGround is the fourth week: common ground, of earth, tools and words.
var demoGround = []storyLine{
	{-21, "09:00", "Joris", `ask "water the shared allotment" --category allotment --when {-20}T18:00 --repeat "weekly x14" --skip {-6} --people 2 --newcomers 1 --area "behind the mill" --details "Two cans are behind the shed."`, "allotment"},
	{-21, "10:00", "Ann", `yes {allotment} --slot {-20}T18:00 --slot {-13}T18:00`, ""},
	{-21, "11:00", "Rosa", `yes {allotment} --slot {-20}T18:00 --slot {+1}T18:00`, ""},
	{-21, "11:30", "Joris", `offer "beans and more beans from the allotment" --category meals`, ""},
	{-21, "12:00", "Joris", `yes {drill} --when {-20}/{-18}`, "borrowed"},
	{-21, "12:30", "Ann", `yes {borrowed}`, ""},
	{-21, "12:31", "Ann", `place {borrowed} --where "on the shelf in the hall" --phone "0151 2011"`, ""},

	{-20, "08:00", "ليلى", `invite --for Mei --until 72h`, "mei"},
	{-20, "09:00", "Mei", `join {mei.text} --as Mei`, ""},
	{-20, "09:10", "Mei", `me --languages zh,en --area "Mill Lane 2"`, ""},
	{-20, "10:00", "Ingrid", `welcome Mei`, ""},
	{-20, "12:00", "Mei", `ask "where one buys good rice here" --category know-how`, "rice"},
	{-20, "13:00", "Joris", `note {rice} "Behind the station, the shop with the green door."`, ""},
	{-20, "14:00", "Mei", `met {rice}`, ""},

	{-19, "10:00", "Mei", `offer "teach a song on the piano, slowly" --category know-how`, ""},
	{-19, "10:10", "Mei", `yes {allotment} --slot {+15}T18:00`, ""},
	{-19, "18:00", "Tomasz", `talk with Rosa "I stood at the clinic last week and did not know whether you would come."`, "clinic"},
	{-19, "19:00", "Rosa", `talk yes {clinic}`, ""},
	{-19, "19:30", "Tomasz", `talk say {clinic} "I had said I would drive, though I slept badly. When you did not come I thought I had got the day wrong, and felt foolish."`, ""},
	{-19, "20:00", "Rosa", `talk say-back {clinic} "You were tired, you came all the same, and then you stood there alone and doubted yourself."`, ""},
	{-19, "20:10", "Tomasz", `talk heard {clinic}`, ""},
	{-19, "20:20", "Rosa", `talk say {clinic} "They moved the hour in the morning. I did not want to wake you, in that week of all weeks."`, ""},
	{-19, "20:30", "Tomasz", `talk say-back {clinic} "You let me sleep because of my father."`, ""},
	{-19, "20:40", "Rosa", `talk heard {clinic}`, ""},

	{-18, "09:00", "Tomasz", `talk say {clinic} "It may be hard to be careful with somebody and then be the one who is asked about it."`, ""},
	{-18, "09:30", "Rosa", `talk say {clinic} "It may feel as if everybody decides over your head just now."`, ""},
	{-18, "10:00", "Tomasz", `talk felt {clinic}`, ""},
	{-18, "10:10", "Rosa", `talk felt {clinic}`, ""},
	{-18, "10:20", "Rosa", `talk common {clinic} "A message wakes nobody."`, ""},
	{-18, "10:30", "Tomasz", `talk ours {clinic}`, ""},
	{-18, "10:40", "Tomasz", `talk partner {clinic} "When an hour moves, we write a message, at any time of day." --until {+75}`, ""},
	{-18, "11:00", "Rosa", `talk yes {clinic}`, ""},
	{-18, "17:00", "Ann", `done {borrowed}`, ""},
	{-18, "17:05", "Joris", `thank {borrowed} "The shelf hangs, and straight."`, ""},

	{-17, "17:00", "Ingrid", `propose "We meet on the first Sunday of the month, tea at four, at the yellow house." --as rhythm --closes {-11}`, "sunday"},
	{-17, "18:00", "Rosa", `consent {sunday}`, ""},
	{-17, "18:10", "Joris", `consent {sunday} "I bring the beans."`, ""},
	{-17, "18:20", "Seun", `stand-aside {sunday} "I am on shift; go ahead."`, ""},

	{-16, "09:00", "Ann", `consent {sunday}`, ""},
	{-16, "09:10", "ليلى", `consent {sunday} "With Noor, if she may cry."`, ""},
	{-16, "09:20", "Farid", `consent {sunday}`, ""},
	{-16, "09:30", "Mei", `consent {sunday}`, ""},
	{-16, "12:00", "Tomasz", `consent {sunday}`, ""},
	{-16, "20:00", "Rosa", `ask --listening sit --to pod --details "An hour without being asked anything."`, "hour"},
	{-16, "20:20", "Ann", `yes {hour}`, ""},

	{-15, "12:00", "Tomasz", `room little`, ""},
	{-15, "21:00", "Rosa", `done {hour}`, ""},
	{-15, "21:05", "Rosa", `met {hour}`, ""},
}
