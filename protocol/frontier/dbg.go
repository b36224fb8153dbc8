package frontier
import "fmt"
func (s *Session) Debug() string { if s.round==nil {return fmt.Sprint("phase ", s.phase)}; r:=s.round; return fmt.Sprint("phase ", s.phase, " edges ", r.edgeSent, r.edgeGot, r.ackSent, " may ", r.mayEnd, " waiting ", len(r.waiting), " held ", len(r.held), " handed ", len(s.handed), " hellos ", s.hellos, s.initiator) }
