package main

// demoWalks are the ways through the story, each from where it stands to its end.
var demoWalks = []storyWalk{
	{"talk", "A whole talk: Ann and Rosa", []string{
		"Ann watered the allotment alone and was cross. She has asked Rosa for a talk, and both must",
		"be willing at each step. First one tells and the other says it back, until it is heard."},
		[]storyStep{
			{"Rosa", `show {watering}`, "what Ann wrote, what a talk is for, and what it is not for"},
			{"Rosa", `talk yes {watering}`, "\"later\" and \"not-now\" would be full answers, too"},
			{"Ann", `talk say {watering} "I carried all the cans and kept looking down the path for you."`, ""},
			{"Rosa", `talk say-back {watering} "You did it alone, and hoped all the while that I would still come."`, ""},
			{"Ann", `talk heard {watering}`, "\"not-quite\" would let Rosa try again"},
			{"Rosa", `talk say {watering} "I had three evenings promised that week and mixed up two of them."`, ""},
			{"Ann", `talk say-back {watering} "It was too much at once, and ours was the one that slipped."`, ""},
			{"Rosa", `talk heard {watering}`, ""},
			{"Ann", `talk say {watering} "It may be tiring to be the one whom everybody asks."`, "what it may be like for the other"},
			{"Rosa", `talk say {watering} "It may feel like being left with the work."`, ""},
			{"Ann", `talk felt {watering}`, ""},
			{"Rosa", `talk felt {watering}`, ""},
			{"Rosa", `talk common {watering} "We both like the evenings there, when it is quiet."`, "only what both call theirs stays"},
			{"Ann", `talk ours {watering}`, ""},
			{"Ann", `talk partner {watering} "We water together, and whoever cannot come says so by noon." --until {+60}`, "an agreement, with a day to look at it again"},
			{"Rosa", `talk yes {watering}`, ""},
			{"Rosa", `list agreements`, "what came of it stands among what they agreed"},
			{"Ann", `show {watering}`, "only the two of them ever read this, and it fades"},
		}},
	{"bereavement", "A bereavement, and what was wished beforehand: Tomasz", []string{
		"Long before his father died Tomasz said what some may do then, without asking him first. In",
		"the first days Rosa and Seun did just that. A month later a hard day is ahead, and Ann did it again."},
		[]storyStep{
			{"Ann", `consent-in-advance list Tomasz`, "his wish, read only by those whom he trusts with it"},
			{"Tomasz", `show {evenings}`, "what Rosa opened for him then, and what he wrote later"},
			{"Ann", `week`, "a day to think of Tomasz; never what it is"},
			{"Tomasz", `look`, "he hears first, and one word closes it"},
			{"Tomasz", `yes {morning}`, "\"good, thank you\"; \"withdraw\" would close it, with no reason asked"},
			{"Rosa", `yes {morning}`, "she takes it, and reads how he likes to be cared for"},
			{"Rosa", `ask "soup at the door that evening" --for Tomasz --under 1 --category meals --when {+2}T18:00`, "and opens something herself, under his wish number 1"},
			{"Tomasz", `today`, ""},
			{"Tomasz", `tender-date`, "his own page of hard days; they come back after a month, and later"},
		}},
	{"parting", "A parting: Ann and Joris", []string{
		"Joris has written a few words to Ann: their swims are over for him. Nobody has to explain, and",
		"the circle learns nothing. What is agreed between them stays, until somebody gives it back."},
		[]storyStep{
			{"Ann", `show Joris`, "his words stand there, for her alone"},
			{"Ann", `part Joris "Go well. I shall think of you when the water is cold."`, "words or none; then what the two still share"},
			{"Ann", `cannot {beds}`, "one evening at the allotment she would rather not keep; the place opens for others"},
			{"Ann", `distance Joris`, "how near she stays is hers: it is kept on her home and sent to nobody"},
			{"Ann", `today`, "what Joris asks of everyone does not come up here for a while"},
			{"Ann", `distance Joris --not`, "and back, whenever she likes"},
		}},
	{"decision", "A decision with a concern: the bench, and the shed", []string{
		"Rosa proposed a bench, Ann had a concern about the first place for it, and Rosa wrote another",
		"text. Words stay on the text that they were given to, so everybody was asked anew."},
		[]storyStep{
			{"Rosa", `show {bench}`, "both texts, and what was said to each"},
			{"Tomasz", `consent {bench}`, "good enough for now, safe enough to try"},
			{"Ann", `consent {bench} "There I like it."`, "everyone has spoken and no concern stands: it is adopted, before its time"},
			{"Rosa", `show {bench}`, "it comes back to be looked at in a year"},
			{"Tomasz", `show {shed}`, "his own proposal, with a concern standing"},
			{"Tomasz", `reshape {shed} "We lock the tool shed at night; the ladder and the pump hang outside."`, ""},
			{"Ann", `consent {shed}`, "her concern stays readable on the old text"},
			{"Rosa", `stand-aside {shed}`, "neither for nor against; the six others have their days to read it"},
			{"Rosa", `list decisions --all`, ""},
		}},
	{"mirror", "A month in the mirror: Rosa", []string{
		"What moved through her in these weeks, in words and a few names. It is worked out on her own",
		"home and in nothing that travels. There is no number in it, and no duty."},
		[]storyStep{
			{"Rosa", `mirror`, ""},
			{"Rosa", `ceiling`, "what she meant to carry in a week; it reminds her alone"},
			{"Rosa", `reflect "It was much, and I would do most of it again."`, "do I feel cared for here? Once a month, if she likes"},
			{"Rosa", `pair-note Tomasz`, "what she wrote down for herself"},
			{"Rosa", `room some --until {+14}`, "and what the others may know: some room, for two weeks"},
			{"Ann", `mirror`, "another month: Ann gave, was thanked, and may ask for something"},
		}},
}
