package main

// The story that a demonstration plays: nine people on one street, over six weeks.
// Each line is one that anybody could type. Days count from the day on which it is
// played, so that what is still to come always is.

// storyWeek is a part of the story, with what is told of it while it is played.
type storyWeek struct {
	tells string
	lines []storyLine
}

// demoCast are the people of the story, in the order in which they came.
var demoCast = []string{"Rosa", "Tomasz", "Ann", "Ingrid", "Joris", "ليلى", "Farid", "Seun", "Mei"}

// demoStory is all of it, week after week.
var demoStory = []storyWeek{
	{"Six weeks ago: Rosa begins a circle, and neighbours come in.", demoBegins},
	{"Five weeks ago: a child is born.", demoBirth},
	{"Four weeks ago: Tomasz loses his father.", demoGrief},
	{"Three weeks ago: a shared allotment, a borrowed drill, and a talk.", demoGround},
	{"Two weeks ago: lifts, somebody rests, and a bench is thought about.", demoLifts},
	{"This week: what is still open.", demoOpen},
}

// demoTable is the list on the board of the allotment, as somebody typed it off.
const demoTable = `kind,text,category,people
offer,beans and more beans from the allotment,meals,
offer,seedlings of kale and leek,allotment,
need,turn the compost,allotment,2
`

// demoCharter is the charter that the circle begins with.
const demoCharter = `name = "Mill Lane"
purpose = "Neighbours who look after one another, in ordinary weeks and in hard ones. Nobody keeps count."
categories = ["meals", "errands", "lifts", "childcare", "dishes & house", "allotment", "pets", "paperwork", "repairs", "things to borrow", "a place to stay", "listening & company", "grief", "know-how"]

[bounds]
emergency = "We are no emergency line. In danger, call 112."
reply = "2d"
radius = "a walk of twenty minutes"
`
